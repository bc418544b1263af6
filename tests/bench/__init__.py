"""How fast vibenv is: each figure beside one of the same machine without vibenv, taken in the same run.

python -m tests.bench [--engine 28] [--rounds 11]
"""
