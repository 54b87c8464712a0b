"""Who a person is: the account, its shown name, and how it signs in."""
