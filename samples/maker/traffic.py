"""Everyday traffic: what an account does all day without anybody being surprised.

Nothing here may concern a control as an exception or an attempt. Each account and Region gets
management reads and writes and KMS records in every half day, so that coverage can be proven.
"""

from datetime import timedelta

from . import records as r
from .records import number, pick, text

RUNTIME = "service/app-runtime"
INVENTORY = "InventoryReader"
CONFIG = "aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"


def _moment(window, first_minute, span, *names):
    return window + timedelta(seconds=60 * first_minute + number(span * 60, *names))


def half_day(scenario, account, region, window, index):
    """Records of one account and Region in one half day."""
    tag = (scenario, account, region, window.isoformat())
    name = lambda what: "/".join((*tag, what))
    when = lambda first, span, what: _moment(window, first, span, *tag, what)
    instance = "i-0" + text(16, "0123456789abcdef", account, region, number(3, *tag))
    function = pick(("orders-import", "mail-out", "report-nightly"), *tag)
    runtime = r.role(account, RUNTIME, function)
    config = dict(r.role(account, CONFIG, "AWSConfig-Describe"), invokedBy="config.amazonaws.com")
    inventory = r.role(account, INVENTORY, "inventory-hourly")
    node_ip = f"198.51.100.{10 + number(40, account, region)}"
    key = f"arn:aws:kms:{region}:{account}:key/" + r.guid("key", account, region, "ebs")

    yield r.record(name("log-stream"), when(5, 90, "stream"), account, region, "logs", "CreateLogStream",
                   runtime, node_ip, r.BOTO,
                   {"logGroupName": f"/aws/lambda/{function}",
                    "logStreamName": f"{window:%Y/%m/%d}/[$LATEST]{text(32, '0123456789abcdef', *tag)}"})
    yield r.record(name("kms"), when(100, 60, "kms"), account, region, "kms", "GenerateDataKey", runtime, node_ip, r.BOTO,
                   {"keyId": key, "keySpec": "AES_256", "encryptionContext": {"purpose": function}}, read=True,
                   resources=[{"accountId": account, "type": "AWS::KMS::Key", "ARN": key}])
    yield r.record(name("config"), when(170, 50, "config"), account, region, "ec2", "DescribeSecurityGroups", config,
                   "config.amazonaws.com", "config.amazonaws.com", {"maxResults": 1000}, read=True)
    yield r.record(name("instances"), when(230, 100, "instances"), account, region, "ec2", "DescribeInstances", inventory,
                   "203.0.113.20", r.BOTO, {"instancesSet": {}, "filterSet": {}}, read=True)
    if index % 2 == 0:
        yield r.assume_role(name("assume"), when(400, 30, "assume"), account, region, r.service("lambda.amazonaws.com"),
                            "lambda.amazonaws.com", "lambda.amazonaws.com", r.role_arn(account, RUNTIME), function)
        yield r.record(name("ssm"), when(440, 120, "ssm"), account, region, "ssm", "UpdateInstanceInformation",
                       r.role(account, "web-node", instance), node_ip, r.AGENT,
                       {"instanceId": instance, "agentVersion": "3.3.2299.0", "agentStatus": "Active",
                        "platformType": "Linux", "platformName": "Amazon Linux", "platformVersion": "2023"})
    else:
        yield r.record(name("trail-status"), when(410, 80, "status"), account, region, "cloudtrail", "GetTrailStatus",
                       inventory, "203.0.113.20", r.BOTO, {"name": "example-trail"}, read=True)
        yield r.record(name("snapshot"), when(520, 90, "snapshot"), account, region, "ec2", "CreateSnapshot",
                       r.role(account, "service-role/AWSDataLifecycleManagerDefaultRole", "dlm"), "dlm.amazonaws.com",
                       "dlm.amazonaws.com",
                       {"volumeId": "vol-0" + text(16, "0123456789abcdef", account, region), "description": "daily"},
                       {"snapshotId": "snap-0" + text(16, "0123456789abcdef", *tag), "status": "pending"})


def object_traffic(scenario, account, region, window, actor, bucket, prefix, ip):
    """One object written and one read by an application."""
    tag = "/".join((scenario, account, region, bucket, window.isoformat()))
    moment = _moment(window, 30, 300, tag)
    key = f"{prefix}/{window:%Y/%m/%d}/{text(12, '0123456789abcdef', tag)}.json"
    yield r.object_call(f"{tag}/put", moment, account, region, "PutObject", actor, ip, r.JAVA, bucket, key, read=False,
                        size=1000 + number(90000, tag))
    yield r.object_call(f"{tag}/get", moment + timedelta(minutes=9), account, region, "GetObject", actor, ip, r.JAVA,
                        bucket, key, read=True, size=1000 + number(90000, tag))


def table_traffic(scenario, account, region, window, actor, table, ip):
    """One item written and one read."""
    tag = "/".join((scenario, account, region, table, window.isoformat()))
    moment = _moment(window, 200, 300, tag)
    resources = [{"accountId": account, "type": "AWS::DynamoDB::Table",
                  "ARN": f"arn:aws:dynamodb:{region}:{account}:table/{table}"}]
    item = {"id": text(10, "0123456789", tag)}
    for event, read in (("PutItem", False), ("GetItem", True)):
        request = {"tableName": table, "key": item}
        yield r.record(f"{tag}/{event}", moment, account, region, "dynamodb", event, actor, ip, r.JAVA, request, None,
                       read=read, resources=resources, data=True)
        moment += timedelta(minutes=4)


def function_traffic(scenario, account, region, window, actor, function, ip):
    """One invocation."""
    tag = "/".join((scenario, account, region, function, window.isoformat()))
    moment = _moment(window, 350, 200, tag)
    resources = [{"accountId": account, "type": "AWS::Lambda::Function", "ARN": function}]
    yield r.record(f"{tag}/invoke", moment, account, region, "lambda", "Invoke", actor, ip, r.JAVA,
                   {"functionName": function, "invocationType": "RequestResponse"}, None, read=False,
                   resources=resources, data=True, extra={"functionVersion": f"{function}:$LATEST"})


def working_day(scenario, day, account, region, users, directory):
    """People who come to work: console sign-ins with MFA, Identity Center sign-ins, a little looking around.

    `users` are IAM user names, `directory` is (management account, its Region, identity store, user id, user name,
    factors, permission set role).
    """
    for index, (name, ip) in enumerate(users):
        tag = f"{scenario}/{account}/{name}/{day:%F}"
        start = day + timedelta(hours=6, minutes=40 + 7 * index + number(30, tag))
        yield r.console_login(f"{tag}/login", start, account, region, r.user(account, name), ip)
        for step, (source, event) in enumerate((("ec2", "DescribeInstances"), ("monitoring", "DescribeAlarms"))):
            yield r.record(f"{tag}/{event}", start + timedelta(minutes=3 + 5 * step), account, region, source, event,
                           r.user(account, name, mfa=True), ip, "AWS Internal", None, None, read=True, console=True)
    for index, (home, home_region, store, user_id, name, factors, permission_set, ip) in enumerate(directory):
        tag = f"{scenario}/{home}/{name}/{day:%F}"
        start = day + timedelta(hours=7, minutes=2 + 11 * index + number(20, tag))
        who = r.directory_user(home, user_id, store)
        yield r.directory_sign_in(f"{tag}/verify", start, home, home_region, who, name, ip, factors.split(",")[0],
                                  step="CredentialVerification")
        yield r.directory_sign_in(f"{tag}/sign-in", start + timedelta(seconds=14), home, home_region, who, name, ip, factors)
        session = r.role(account, permission_set, name)
        yield r.federated_login(f"{tag}/console", start + timedelta(minutes=1), account, region, session, ip)
        yield r.record(f"{tag}/tags", start + timedelta(minutes=22), account, region, "ec2", "CreateTags", session, ip,
                       "AWS Internal",
                       {"resourcesSet": {"items": [{"resourceId": "i-0" + text(16, "0123456789abcdef", tag)}]},
                        "tagSet": {"items": [{"key": "owner", "value": name}]}},
                       {"requestId": r.guid("tags", tag), "_return": True}, console=True)
