"""The vendor's clients behind one call, so that one story runs through each of them.

Nothing of them is patched. What the service answers must fit their models to the member: they warn of one that they do
not know, and here a warning is an error. Where they have no switch for what a story needs, their own public methods
are used, and the place says so.
"""

import json
import os
import subprocess
import sys
import warnings
from urllib.parse import urlsplit

#: A call takes milliseconds; this is for a very busy machine.
TIMEOUT_SECONDS = 60


class Refused(Exception):
    """The service understood a call and refused it, as the client tells it."""

    def __init__(self, action, code, message, request_id):
        super().__init__(f"{action}: {code}: {message}")
        self.action, self.code, self.message, self.request_id = action, code, message, request_id


class Service:
    """Where the service is and whose key is used; from the environment, under the vendor's names where it has some."""

    def __init__(self, environment=os.environ):
        self.endpoint = environment["INTEROP_ENDPOINT"]
        self.objects = environment["INTEROP_OBJECTS"]
        self.region = environment["TENCENTCLOUD_REGION"]
        self.secret_id = environment["TENCENTCLOUD_SECRET_ID"]
        self.secret_key = environment["TENCENTCLOUD_SECRET_KEY"]


class PythonSdk:
    """`tencentcloud-sdk-python-gse`: one method and two models for each action."""

    #: Name of the form: HTTP method, signature method, whether the body is multipart.
    FORMS = {
        "python-sdk-json": ("POST", "TC3-HMAC-SHA256", False),
        "python-sdk-get": ("GET", "TC3-HMAC-SHA256", False),
        "python-sdk-multipart": ("POST", "TC3-HMAC-SHA256", True),
        "python-sdk-form": ("POST", "HmacSHA1", False),
        "python-sdk-form-sha256": ("POST", "HmacSHA256", False),
        "python-sdk-query": ("GET", "HmacSHA1", False),
        "python-sdk-query-sha256": ("GET", "HmacSHA256", False),
    }

    def __init__(self, service, form, unsigned_payload=False):
        from tencentcloud.common import credential
        from tencentcloud.common.profile.client_profile import ClientProfile
        from tencentcloud.common.profile.http_profile import HttpProfile
        from tencentcloud.gse.v20191112 import gse_client, models

        # Its own filter hides what a model does not know.
        warnings.simplefilter("error", UserWarning)
        self.name, self.models = form, models
        method, signature, self.multipart = self.FORMS[form]
        address = urlsplit(service.endpoint)
        http = HttpProfile(
            protocol=address.scheme, endpoint=address.netloc, reqMethod=method, reqTimeout=TIMEOUT_SECONDS, keepAlive=True
        )
        profile = ClientProfile(signMethod=signature, httpProfile=http)
        profile.unsignedPayload = unsigned_payload
        key = credential.Credential(service.secret_id, service.secret_key)
        self.client = gse_client.GseClient(key, service.region, profile)

    def call(self, action, **members):
        from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

        request = getattr(self.models, f"{action}Request")()
        request.from_json_string(json.dumps(members))
        try:
            response = self.send_parts(action, request) if self.multipart else getattr(self.client, action)(request)
        except TencentCloudSDKException as error:
            # Without an id the refusal is the client's own: it could not read the answer.
            if error.get_request_id() is None:
                raise
            raise Refused(action, error.get_code(), error.get_message(), error.get_request_id()) from error
        return json.loads(response.to_json_string())

    def raw(self, action, members, options=None):
        """A call without models, which would drop a member that they do not know."""
        from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

        try:
            return self.client.call_json(action, members, options=options)["Response"]
        except TencentCloudSDKException as error:
            raise Refused(action, error.get_code(), error.get_message(), error.get_request_id()) from error

    def send_parts(self, action, request):
        """Multipart is an option of `call`, which the methods of the actions do not pass on. It cannot write a number
        as a part (`bytes % int`), so scalars go as text, which is what a part is."""
        members = request._serialize()
        parts = {name: value if isinstance(value, (list, dict)) else str(value) for name, value in members.items()}
        body = self.client.call(action, parts, {"IsMultipart": True}, request.headers)
        response = getattr(self.models, f"{action}Response")()
        response._deserialize(json.loads(body)["Response"])
        return response


class Tccli:
    """The vendor's command line, a process for each call: a form signed with HmacSHA256."""

    name = "tccli"

    def __init__(self, service, packages, home):
        # Its own start script, whose exit code says whether a call was refused.
        self.program = [sys.executable, os.path.join(packages, "bin", "tccli"), "gse"]
        # `--endpoint` with a scheme is its only way to plain HTTP.
        self.options = ["--endpoint", service.endpoint, "--timeout", str(TIMEOUT_SECONDS)]
        self.environment = {
            "PATH": os.environ.get("PATH", ""),
            "PYTHONPATH": packages,
            "PYTHONPYCACHEPREFIX": os.environ.get("PYTHONPYCACHEPREFIX", ""),
            # It reads and writes its settings below the home folder.
            "HOME": home,
            "TENCENTCLOUD_SECRET_ID": service.secret_id,
            "TENCENTCLOUD_SECRET_KEY": service.secret_key,
            "TENCENTCLOUD_REGION": service.region,
        }

    def call(self, action, **members):
        arguments = [word for name, value in members.items() for word in (f"--{name}", written(value))]
        return self.run(action, arguments)

    def run(self, action, arguments):
        """One process; `arguments` are what a person types after the action."""
        done = subprocess.run(
            [*self.program, action, *arguments, *self.options],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=3 * TIMEOUT_SECONDS,
        )
        if done.returncode == 0:
            return json.loads(done.stdout)
        raise self.refusal(action, done.stderr)

    @staticmethod
    def refusal(action, said):
        """It writes `[TencentCloudSDKException] code:… message:… requestId:…`; the message may have several lines."""
        _, found, rest = said.partition("[TencentCloudSDKException] code:")
        code, _, rest = rest.partition(" message:")
        message, _, request_id = rest.rpartition(" requestId:")
        request_id = request_id.strip()
        if not found or request_id in ("", "None"):
            return AssertionError(f"tccli {action} failed by itself: {said.strip()}")
        return Refused(action, code.strip(), message, request_id)


def written(value):
    """As a person types it: text as it is, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


class CosSdk:
    """`cos-python-sdk-v5`, pointed at the object endpoint by an address; the bucket stays in the `Host` header."""

    name = "cos-sdk"

    def __init__(self, service):
        objects = urlsplit(service.objects)
        self.settings = {
            "Region": service.region,
            "Scheme": objects.scheme,
            # Buckets are `<bucket>.cos.<region>.myqcloud.com`, which is what the authorization is signed for.
            "EnableOldDomain": True,
            "IP": objects.hostname,
            "Port": objects.port,
        }

    def connect(self, **key):
        from qcloud_cos import CosConfig, CosS3Client

        config = CosConfig(**self.settings, **key)
        return config, CosS3Client(config, retry=0)

    def put(self, bucket, key, authorization, content):
        """GetUploadCredentials gives a finished authorization and no key, so `put_object`, which signs by itself, cannot
        use it. `send_request` is what `put_object` calls: same address, connection, retries and errors."""

        config, client = self.connect(Anonymous=True)

        def authorize(request):
            request.headers["Authorization"] = authorization
            return request

        address = config.uri(bucket=bucket, path=key)
        return client.send_request("PUT", address, bucket=bucket, auth=authorize, data=content, headers={})

    def put_with_key(self, key, bucket, name, path):
        """As everybody uses this client: it signs by itself, here with a temporary key, and sends large files in parts."""
        secret = {"SecretId": key["TmpSecretId"], "SecretKey": key["TmpSecretKey"], "Token": key["Token"]}
        _, client = self.connect(**secret)
        # Parts from a buffer and a small object: both look for `ETag` in these letters among the headers.
        with open(path, "rb") as file:
            client.upload_file_from_buffer(Bucket=bucket, Key="buffered-" + name, Body=file, PartSize=1, MAXThread=2)
        small = client.put_object(Bucket=bucket, Key="small-" + name, Body=b"small")
        if not small["ETag"]:
            raise AssertionError(f"a small upload was answered with {small}")
        return client.upload_file(Bucket=bucket, Key=name, LocalFilePath=path, PartSize=1, MAXThread=2)

    @staticmethod
    def refusal(call):
        """How the client tells what the object endpoint refused."""
        from qcloud_cos import CosServiceError

        try:
            call()
        except CosServiceError as refused:
            return refused
        raise AssertionError("the object endpoint took what it should refuse")
