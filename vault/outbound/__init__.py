"""What goes out to others: checkpoints to be kept elsewhere, and the requests for time stamps on them."""
