"""What every adapter needs: the guarded client, text counting, rate limits, OAuth, the steps of an attempt."""
