// The page works before this; evidence of the findings is unpacked once the browser has time.

follow();
(window.requestIdleCallback || setTimeout)(prepareCards);
