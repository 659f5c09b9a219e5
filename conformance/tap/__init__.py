"""What a gateway does to the requests that pass it: sent, arrived, came back."""
