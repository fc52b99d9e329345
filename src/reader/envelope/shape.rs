//! Names for the ways in which records are packed.

/// How the documents of a file stand together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Packing {
    /// One JSON document.
    Single,
    /// One JSON array of entries.
    Array,
    /// One document a line.
    Lines,
    /// Documents one after another.
    Concatenated,
}

/// What each document or entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Content {
    /// `{"Records":[…]}`, as CloudTrail writes it.
    Records,
    /// A record by itself.
    Record,
    /// An EventBridge event with the record in `detail`.
    EventBridge,
    /// Output of `aws cloudtrail lookup-events`, or one of its entries.
    LookupEvents,
    /// A CloudWatch Logs subscription payload.
    LogsSubscription,
    /// A CloudWatch Logs export, with a time before each record.
    LogsExport,
    /// Output of `aws logs filter-log-events`, or one of its entries.
    LogEvents,
    /// A Cribl capture with the record in `_raw`.
    Cribl,
    /// A record below `aws.cloudtrail`.
    CloudTrailMember,
    /// An Elastic document with the record in `event.original`.
    ElasticOriginal,
}

/// How the records of a file are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shape {
    /// How the documents stand together.
    pub packing: Packing,
    /// What they are.
    pub content: Content,
}

impl Shape {
    /// Stable name, as packets show it.
    pub const fn id(self) -> &'static str {
        match (self.content, self.packing) {
            (Content::Records, Packing::Single) => "records",
            (Content::Records, _) => "records-documents",
            (Content::Record, Packing::Single) => "record",
            (Content::Record, Packing::Array) => "array",
            (Content::Record, Packing::Lines) => "lines",
            (Content::Record, Packing::Concatenated) => "concatenated",
            (Content::EventBridge, _) => "eventbridge",
            (Content::LookupEvents, _) => "lookup-events",
            (Content::LogsSubscription, _) => "cloudwatch-logs-subscription",
            (Content::LogsExport, _) => "cloudwatch-logs-export",
            (Content::LogEvents, _) => "cloudwatch-logs-events",
            (Content::Cribl, _) => "cribl",
            (Content::CloudTrailMember, _) => "aws-cloudtrail-member",
            (Content::ElasticOriginal, _) => "elastic-original",
        }
    }

    /// What it is, in words.
    pub const fn words(self) -> &'static str {
        match (self.content, self.packing) {
            (Content::Records, Packing::Single) => "one `Records` list, as CloudTrail writes it",
            (Content::Records, _) => "several `Records` lists one after another",
            (Content::Record, Packing::Single) => "one record by itself",
            (Content::Record, Packing::Array) => "an array of records",
            (Content::Record, Packing::Lines) => "one record a line",
            (Content::Record, Packing::Concatenated) => "records one after another",
            (Content::EventBridge, _) => "EventBridge events",
            (Content::LookupEvents, _) => "output of `aws cloudtrail lookup-events`",
            (Content::LogsSubscription, _) => "a CloudWatch Logs subscription payload",
            (Content::LogsExport, _) => "a CloudWatch Logs export",
            (Content::LogEvents, _) => "CloudWatch Logs events",
            (Content::Cribl, _) => "a Cribl capture",
            (Content::CloudTrailMember, _) => "records below `aws.cloudtrail`",
            (Content::ElasticOriginal, _) => {
                "Elastic documents with the record in `event.original`"
            }
        }
    }

    /// Whether CloudTrail itself writes files of this shape; any other is a copy that somebody made.
    pub const fn is_original(self) -> bool {
        matches!(
            (self.content, self.packing),
            (Content::Records, Packing::Single)
        )
    }
}
