"""Runs in a Lambda function's own process, with nothing of the course imported.

Arguments: the file with the event, the file for the result. The handler's name is in ``_HANDLER``.
"""

import importlib
import json
import os
import sys
import time
import traceback


class Context:
    """What a handler is given as its second argument."""

    def __init__(self):
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.invoked_function_arn = os.environ["_FUNCTION_ARN"]
        self.aws_request_id = os.environ["_REQUEST_ID"]
        self._deadline = float(os.environ["_DEADLINE"])

    def get_remaining_time_in_millis(self):
        """Milliseconds until the function is stopped."""
        return max(0, int((self._deadline - time.time()) * 1000))


def failure(error):
    """An exception as Lambda answers it."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [
        f for f in frames if f.filename != __file__ and "importlib" not in f.filename
    ]
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "requestId": os.environ["_REQUEST_ID"],
        "stackTrace": traceback.format_list(own),
    }


def run(event_path, result_path):
    """Import the handler, call it, write what it returns; the return value is the exit code."""
    sys.path.insert(0, os.getcwd())
    try:
        module, _, name = os.environ["_HANDLER"].rpartition(".")
        try:
            handler = getattr(importlib.import_module(module.replace("/", ".")), name)
        except ModuleNotFoundError as error:
            text = f"Unable to import module '{module}': {error}"
            raise type("Runtime.ImportModuleError", (Exception,), {})(text) from error
        except AttributeError as error:
            text = f"Handler '{name}' missing on module '{module}'"
            raise type("Runtime.HandlerNotFound", (Exception,), {})(text) from error
        with open(event_path, encoding="utf-8") as file:
            event = json.load(file)
        result, code = handler(event, Context()), 0
        try:
            text = json.dumps(result)
        except TypeError as error:
            text = f"Unable to marshal response: {error}"
            raise type("Runtime.MarshalError", (Exception,), {})(text) from error
    except BaseException as error:
        answer = failure(error)
        print(f"[ERROR] {answer['errorType']}: {answer['errorMessage']}")
        print(
            "Traceback (most recent call last):\n" + "".join(answer["stackTrace"]),
            end="",
        )
        text, code = json.dumps(answer), 1
    with open(result_path, "w", encoding="utf-8") as file:
        file.write(text)
    return code


if __name__ == "__main__":
    sys.exit(run(*sys.argv[1:3]))
