"""Advice of the social media team (clause 9.1): anybody asks, and the answers stay with what they are about."""
