"""dj-deploy: the deployment operations of datajoint_deploy from outside, for servers with the
extension and without it.
"""
