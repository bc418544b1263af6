"""How fast vibenv and its SDK are: each figure beside one taken in the same run without them.

python -m tests.bench [--engine 28] [--rounds 11]
python -m tests.bench.inside [--engine 28] [--rounds 11]
python -m tests.bench.sdk [--rust PROGRAM] [--rounds 11]
python -m tests.bench.agents [--container-use PROGRAM] [--rounds 11]
python -m tests.bench.emulator
"""
