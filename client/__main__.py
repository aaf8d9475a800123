"""The command dj-deploy, as a zip archive starts it."""

import sys

from dj_deploy import command

sys.exit(command.main())
