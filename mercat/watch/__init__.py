"""What happens outside of the register: accounts that were found, their cases, and posts past the tool."""
