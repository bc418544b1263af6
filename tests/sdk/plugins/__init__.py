"""Two plugins with the names, signatures and behaviour of upstream's, to run upstream's own tests against.

python -m tests.sdk.plugins.example
python -m tests.sdk.plugins.custom_values
"""
