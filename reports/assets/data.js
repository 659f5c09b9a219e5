// What the page knows beside its text.

const data = JSON.parse(document.getElementById("page-data").textContent);
const words = data.words;
