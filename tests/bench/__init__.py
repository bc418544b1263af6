"""How fast vibenv and its SDK are: each figure beside one taken in the same run without them.

python -m tests.bench [--engine 28] [--rounds 11]
python -m tests.bench.inside [--engine 28] [--rounds 11]
python -m tests.bench.sdk [--rust PROGRAM] [--rounds 11]
python -m tests.bench.agents [--container-use PROGRAM] [--engine 28] [--rounds 11]
python -m tests.bench.scripted [--engine 28] [--rounds 11]
python -m tests.bench.log [--engine 28] [--rounds 3]
python -m tests.bench.watch [--engine 28]
python -m tests.bench.emulator
"""
