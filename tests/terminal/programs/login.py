"""Asks for a password as `sudo` and `ssh` do, without showing it; then for a name, which is shown."""

import getpass

word = getpass.getpass("Password: ")
print(f"{len(word)} letters")
name = input("Name: ")
print(f"hello {name}")
input()
