# SPDX-License-Identifier: GPL-2.0-only
"""check-schema.py SCHEMA NAME FILE: is FILE, or each line of it, what $defs/NAME says?

NAME with a plus sign, as event+, is for a file with one document a line.
"""
import json
import sys

import jsonschema

schema_file, name, file = sys.argv[1:]
with open(schema_file, encoding="utf-8") as f:
    schema = json.load(f)
jsonschema.Draft202012Validator.check_schema(schema)
lines = name.endswith("+")
name = name.rstrip("+")
if name not in schema["$defs"]:
    sys.exit(f"the schema has no $defs/{name}")
validator = jsonschema.Draft202012Validator({**schema, "$ref": f"#/$defs/{name}"})
with open(file, encoding="utf-8") as f:
    documents = f.read().splitlines() if lines else [f.read()]
if not documents:
    sys.exit("there is nothing to check")
bad = 0
for text in documents:
    for error in validator.iter_errors(json.loads(text)):
        where = "/".join(map(str, error.absolute_path))
        print(f"{where or 'the document'}: {error.message[:300]}")
        bad = 1
sys.exit(bad)
