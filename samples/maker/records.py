"""CloudTrail records, whole and in the order in which CloudTrail writes their fields.

Everything that looks random (event ids, key ids, object keys) is a hash of a name,
so that a record keeps its id when others are added. Nothing here reads a clock.
"""

import hashlib
import uuid
from datetime import datetime, timedelta, timezone

ALPHANUMERIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

BROWSER = ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
           "Chrome/141.0.0.0 Safari/537.36")
CLI = "aws-cli/2.31.4 md/awscrt#0.27.6 ua/2.1 os/linux#6.8.0 lang/python#3.13.7 md/prompt#off md/command#{command}"
BOTO = "Boto3/1.40.41 md/Botocore#1.40.41 ua/2.1 os/linux#6.1.150 lang/python#3.12.11 exec-env/AWS_Lambda_python3.12"
JAVA = "aws-sdk-java/2.33.4 md/io#sync md/http#Apache ua/2.1 os/Linux#6.1.150 lang/java#21.0.8"
AGENT = "amazon-ssm-agent/3.3.2299.0 aws-sdk-go/1.55.5 (go1.23.8; linux; amd64)"


def digest(*names):
    """Bytes that depend on the names alone."""
    return hashlib.sha256("\x1f".join(str(name) for name in names).encode()).digest()


def number(below, *names):
    """A number from 0 to below - 1."""
    return int.from_bytes(digest(*names)[:8], "big") % below


def pick(choices, *names):
    return choices[number(len(choices), *names)]


def text(length, alphabet, *names):
    """`length` characters of `alphabet`."""
    out, block = [], 0
    while len(out) < length:
        out.extend(alphabet[byte % len(alphabet)] for byte in digest(block, *names))
        block += 1
    return "".join(out[:length])


def guid(*names):
    """A version 4 shaped GUID."""
    return str(uuid.UUID(bytes=digest("guid", *names)[:16], version=4))


def at(stamp):
    """`2026-10-05T09:00:00` as an instant in UTC."""
    return datetime.fromisoformat(stamp).replace(tzinfo=timezone.utc)


def iso(instant):
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def spoken(instant):
    """`Oct 5, 2026, 9:00:00 AM`, as answers of IAM and STS write instants."""
    month = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")[instant.month - 1]
    half = "AM" if instant.hour < 12 else "PM"
    return f"{month} {instant.day}, {instant.year}, {(instant.hour - 1) % 12 + 1}:{instant:%M:%S} {half}"


# --- who -------------------------------------------------------------------

def role_arn(account, role):
    return f"arn:aws:iam::{account}:role/{role}"


def user_arn(account, name):
    return f"arn:aws:iam::{account}:user/{name}"


def access_key(kind, *names):
    """`AKIA…EXAMPLE` or `ASIA…EXAMPLE`, 20 characters as real ones, and plainly not real."""
    return kind + text(9, CAPITALS, "key", kind, *names) + "EXAMPLE"


def user(account, name, mfa=None):
    """An IAM user: with a long-term key, or from the console where `mfa` is told."""
    identity = {
        "type": "IAMUser",
        "principalId": "AIDA" + text(10, CAPITALS, "user", account, name) + "EXAMPLE",
        "arn": user_arn(account, name),
        "accountId": account,
        "accessKeyId": access_key("AKIA", account, name),
        "userName": name,
    }
    if mfa is not None:
        identity["accessKeyId"] = access_key("ASIA", account, name)
        identity["sessionContext"] = {"attributes": {
            "creationDate": None, "mfaAuthenticated": "true" if mfa else "false"}}
    return identity


def role(account, path, session, source_identity=None):
    """A session of a role; `path` is all that follows `role/` in the ARN."""
    name = path.rsplit("/", 1)[-1]
    principal = "AROA" + text(10, CAPITALS, "role", account, path) + "EXAMPLE"
    context = {
        "sessionIssuer": {
            "type": "Role",
            "principalId": principal,
            "arn": role_arn(account, path),
            "accountId": account,
            "userName": name,
        },
        "attributes": {"creationDate": None, "mfaAuthenticated": "false"},
    }
    if source_identity:
        context["sourceIdentity"] = source_identity
    return {
        "type": "AssumedRole",
        "principalId": f"{principal}:{session}",
        "arn": f"arn:aws:sts::{account}:assumed-role/{name}/{session}",
        "accountId": account,
        "accessKeyId": access_key("ASIA", account, path, session),
        "sessionContext": context,
    }


def root(account):
    return {
        "type": "Root",
        "principalId": account,
        "arn": f"arn:aws:iam::{account}:root",
        "accountId": account,
        "accessKeyId": access_key("ASIA", account, "root"),
        "sessionContext": {"attributes": {"creationDate": None, "mfaAuthenticated": "true"}},
    }


def service(name):
    return {"type": "AWSService", "invokedBy": name}


def directory_user(account, user_id, store):
    """An Identity Center user as sign-in records show one since 2025."""
    return {
        "type": "IdentityCenterUser",
        "accountId": account,
        "onBehalfOf": {
            "userId": user_id,
            "identityStoreArn": f"arn:aws:identitystore::{account}:identitystore/{store}",
        },
        "credentialId": guid("credential", user_id),
    }


def _dated(identity, instant):
    """The identity with the creation time of its session: the full hour before the call."""
    context = identity.get("sessionContext")
    if not context:
        return identity
    created = instant.replace(minute=0, second=0) - timedelta(minutes=20)
    attributes = dict(context["attributes"], creationDate=iso(created))
    return dict(identity, sessionContext=dict(context, attributes=attributes))


# --- what ------------------------------------------------------------------

def record(name, instant, account, region, source, event, who, ip, agent,
           request=None, response=None, read=False, error=None, console=False,
           extra=None, resources=None, data=False, kind="AwsApiCall", shared=None, details=None):
    """One record. `name` decides its ids; `source` is without `.amazonaws.com`."""
    out = {
        "eventVersion": "1.11",
        "userIdentity": _dated(who, instant),
        "eventTime": iso(instant),
        "eventSource": f"{source}.amazonaws.com",
        "eventName": event,
        "awsRegion": region,
        "sourceIPAddress": ip,
        "userAgent": agent,
    }
    if error:
        code, message = error
        if code:
            out["errorCode"] = code
        out["errorMessage"] = message
    out["requestParameters"] = request
    out["responseElements"] = response
    if extra is not None:
        out["additionalEventData"] = extra
    out["requestID"] = guid("request", name)
    out["eventID"] = guid("event", name)
    out["readOnly"] = read
    if resources:
        out["resources"] = resources
    out["eventType"] = kind
    out["managementEvent"] = not data
    out["recipientAccountId"] = account
    if shared:
        out["sharedEventID"] = guid("shared", shared)
    if details is not None:
        out["serviceEventDetails"] = details
    out["eventCategory"] = "Data" if data else "Management"
    if console:
        out["sessionCredentialFromConsole"] = "true"
    elif kind == "AwsApiCall" and not who.get("invokedBy"):
        out["tlsDetails"] = {
            "tlsVersion": "TLSv1.3",
            "cipherSuite": "TLS_AES_128_GCM_SHA256",
            "clientProvidedHostHeader": f"{source}.{region}.amazonaws.com",
        }
    return out


def assume_role(name, instant, account, region, who, ip, agent, arn, session, tags=None, serial=None):
    """A successful AssumeRole; the token is one that nobody could use."""
    request = {"roleArn": arn, "roleSessionName": session, "durationSeconds": 3600}
    if tags:
        request["tags"] = [{"key": key, "value": value} for key, value in tags.items()]
    if serial:
        request["serialNumber"] = serial
    owner, path = arn.split(":")[4], arn.split(":role/")[1]
    short = path.rsplit("/", 1)[-1]
    response = {
        "credentials": {
            "accessKeyId": access_key("ASIA", owner, path, session),
            "sessionToken": "EXAMPLE-TOKEN-" + text(64, ALPHANUMERIC, "token", name),
            "expiration": spoken(instant + timedelta(hours=1)),
        },
        "assumedRoleUser": {
            "assumedRoleId": "AROA" + text(10, CAPITALS, "role", owner, path) + f"EXAMPLE:{session}",
            "arn": f"arn:aws:sts::{owner}:assumed-role/{short}/{session}",
        },
    }
    resources = [{"accountId": owner, "type": "AWS::IAM::Role", "ARN": arn}]
    return record(name, instant, account, region, "sts", "AssumeRole", who, ip, agent,
                  request, response, read=True, resources=resources)


def console_login(name, instant, account, region, who, ip, mfa="Yes", failure=None, agent=BROWSER):
    """A console sign-in. Failures carry an error message and no error code."""
    who = {key: value for key, value in who.items() if key not in ("accessKeyId", "sessionContext")}
    if who["type"] == "Root":
        who["accessKeyId"] = ""
    extra = {"LoginTo": f"https://{region}.console.aws.amazon.com/console/home?region={region}",
             "MobileVersion": "No", "MFAUsed": mfa}
    if mfa == "Yes" and not failure:
        owner = who.get("userName", "root-account-mfa-device")
        extra["MFAIdentifier"] = f"arn:aws:iam::{account}:mfa/{owner}"
    out = record(name, instant, account, region, "signin", "ConsoleLogin", who, ip, agent,
                 response={"ConsoleLogin": "Failure" if failure else "Success"},
                 error=(None, failure) if failure else None, extra=extra, kind="AwsConsoleSignIn")
    out["tlsDetails"] = {"tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256",
                         "clientProvidedHostHeader": f"{region}.signin.aws.amazon.com"}
    return out


def federated_login(name, instant, account, region, who, ip):
    """A console sign-in of an Identity Center user; `MFAUsed` is `No` by design."""
    session = dict(who)
    session.pop("accessKeyId", None)
    extra = {"MobileVersion": "No", "MFAUsed": "No"}
    return record(name, instant, account, region, "signin", "ConsoleLogin", session, ip, BROWSER,
                  response={"ConsoleLogin": "Success"}, extra=extra, kind="AwsConsoleSignIn")


def directory_sign_in(name, instant, account, region, who, user_name, ip, factors, step="UserAuthentication",
                      result="Success"):
    """One step of an Identity Center sign-in; the result is in `serviceEventDetails`."""
    extra = {"AuthWorkflowID": guid("workflow", name), "LoginTo": "https://d-9067example.awsapps.com/start/",
             "CredentialType": factors, "UserName": user_name}
    return record(name, instant, account, region, "signin", step, who, ip, BROWSER,
                  extra=extra, kind="AwsServiceEvent", details={step: result})


def object_call(name, instant, account, region, event, who, ip, agent, bucket, key, read,
                error=None, owner=None, size=20480):
    """An S3 data event on one object."""
    host = f"{bucket}.s3.{region}.amazonaws.com"
    extra = {
        "SignatureVersion": "SigV4", "CipherSuite": "TLS_AES_128_GCM_SHA256",
        "bytesTransferredIn": 0 if read else size, "AuthenticationMethod": "AuthHeader",
        "x-amz-id-2": text(76, ALPHANUMERIC, "id2", name), "bytesTransferredOut": size if read else 0,
    }
    if who.get("accountId") == "ANONYMOUS_PRINCIPAL":
        # Nobody signed the request.
        del extra["SignatureVersion"], extra["AuthenticationMethod"]
    resources = [
        {"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::{bucket}/{key}"},
        {"accountId": owner or account, "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{bucket}"},
    ]
    out = record(name, instant, account, region, "s3", event, who, ip, agent,
                 {"bucketName": bucket, "Host": host, "key": key}, None, read=read, error=error,
                 extra=extra, resources=resources, data=True)
    if "tlsDetails" in out:
        out["tlsDetails"]["clientProvidedHostHeader"] = host
    return out


def bucket_call(name, instant, account, region, event, who, ip, agent, bucket, request, error=None, console=False):
    """An S3 management event on a bucket."""
    extra = {"SignatureVersion": "SigV4", "CipherSuite": "TLS_AES_128_GCM_SHA256", "bytesTransferredIn": 312,
             "AuthenticationMethod": "AuthHeader", "x-amz-id-2": text(76, ALPHANUMERIC, "id2", name),
             "bytesTransferredOut": 0}
    request = dict({"bucketName": bucket, "Host": f"{bucket}.s3.{region}.amazonaws.com"}, **request)
    resources = [{"accountId": account, "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{bucket}"}]
    return record(name, instant, account, region, "s3", event, who, ip, agent, request, None, error=error,
                  extra=extra, resources=resources, console=console)


def rotate_key(name, instant, account, region, key_arn):
    """The service event of an automatic rotation: nobody's identity but the service's."""
    who = {"accountId": account, "invokedBy": "AWS Internal"}
    resources = [{"accountId": account, "type": "AWS::KMS::Key", "ARN": key_arn}]
    details = {"keyId": key_arn, "keyOrigin": "AWS_KMS", "rotationType": "AUTOMATIC",
               "backingKeyId": text(64, "0123456789abcdef", "backing", name)}
    return record(name, instant, account, region, "kms", "RotateKey", who, "AWS Internal", "AWS Internal",
                  resources=resources, kind="AwsServiceEvent", details=details)


def ingress(group, port, cidr, description, rule_id):
    """Parameters and answer of AuthorizeSecurityGroupIngress."""
    request = {"groupId": group, "ipPermissions": {"items": [{
        "ipProtocol": "tcp", "fromPort": port, "toPort": port, "groups": {},
        "ipRanges": {"items": [{"cidrIp": cidr, "description": description}]},
        "ipv6Ranges": {}, "prefixListIds": {}}]}}
    response = {"requestId": guid("request", rule_id), "_return": True, "securityGroupRuleSet": {"items": [{
        "groupId": group, "securityGroupRuleId": rule_id, "description": description, "isEgress": False,
        "ipProtocol": "tcp", "fromPort": port, "toPort": port, "cidrIpv4": cidr}]}}
    return request, response
