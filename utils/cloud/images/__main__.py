"""What a container runs: ``python -m utils.cloud.images <image> train|serve|process``.

``SAGEMAKER_BASE_DIR`` names the folder that stands for ``/opt/ml``.
"""

import os
import sys
import traceback
from pathlib import Path

from utils.cloud.images import (
    AlgorithmError,
    ClientError,
    Container,
    known,
    model_server,
)


def main(name: str, action: str) -> int:
    """Run one action of an image; the return value is the process's exit code."""
    container = Container(Path(os.environ["SAGEMAKER_BASE_DIR"]))
    try:
        module = known()[name].load()
        if action == "serve" and not hasattr(module, "serve"):
            model_server.serve(container, module.load)
        else:
            getattr(module, action)(container)
        return 0
    except ClientError as error:
        print(f"Customer Error: {error}", flush=True)
        container.fail("ClientError", str(error))
        return 2
    except AlgorithmError as error:
        print(f"Algorithm Error: {error}", flush=True)
        container.fail("AlgorithmError", str(error))
        return 1
    except Exception as error:
        traceback.print_exc()
        container.fail("AlgorithmError", f"{type(error).__name__}: {error}")
        return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
