//! Names for the ways in which records are packed, and what each cannot prove.
//!
//! The reader tells a shape from the content; packets repeat its words, so both
//! ends of the program share this list.

/// How the words for an archive begin.
pub const ARCHIVE: &str = "an archive with ";

/// What may follow the words of a shape behind a comma.
pub const COMPRESSIONS: [&str; 2] = ["gzip", "zstd"];

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
    /// Rows of a CSV file with the record as text in one column.
    Table,
}

impl Packing {
    /// Every packing.
    pub const ALL: [Packing; 5] = [
        Packing::Single,
        Packing::Array,
        Packing::Lines,
        Packing::Concatenated,
        Packing::Table,
    ];
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
    /// Output of `aws logs filter-log-events` or `get-log-events`.
    LogEvents,
    /// A result of a CloudWatch Logs Insights query with `@message`.
    LogsInsights,
    /// A result of a CloudTrail Lake query with `eventJson`.
    Lake,
    /// An answer to a search in Elasticsearch, OpenSearch, Splunk or Datadog.
    Search,
    /// A Cribl or Splunk event with the record in `_raw`.
    Raw,
    /// A document of a log shipper with the record in `message`, `log` or the like.
    Shipper,
    /// A Datadog log with the record in `attributes`.
    Datadog,
    /// A record below `aws.cloudtrail`.
    CloudTrailMember,
    /// An Elastic document with the record in `event.original`.
    ElasticOriginal,
}

impl Content {
    /// Every content.
    pub const ALL: [Content; 15] = [
        Content::Records,
        Content::Record,
        Content::EventBridge,
        Content::LookupEvents,
        Content::LogsSubscription,
        Content::LogsExport,
        Content::LogEvents,
        Content::LogsInsights,
        Content::Lake,
        Content::Search,
        Content::Raw,
        Content::Shipper,
        Content::Datadog,
        Content::CloudTrailMember,
        Content::ElasticOriginal,
    ];

    /// Whether it holds what somebody asked for, and not all that there was: a record in it shows
    /// nothing of others of its class.
    pub const fn is_selection(self) -> bool {
        matches!(
            self,
            Content::EventBridge
                | Content::LookupEvents
                | Content::LogEvents
                | Content::LogsInsights
                | Content::Lake
                | Content::Search
        )
    }
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
            (Content::Record, Packing::Concatenated | Packing::Table) => "concatenated",
            (Content::EventBridge, _) => "eventbridge",
            (Content::LookupEvents, _) => "lookup-events",
            (Content::LogsSubscription, _) => "cloudwatch-logs-subscription",
            (Content::LogsExport, _) => "cloudwatch-logs-export",
            (Content::LogEvents, _) => "cloudwatch-logs-events",
            (Content::LogsInsights, _) => "cloudwatch-logs-insights",
            (Content::Lake, _) => "cloudtrail-lake",
            (Content::Search, _) => "search-result",
            (Content::Raw, _) => "raw-member",
            (Content::Shipper, _) => "log-shipper",
            (Content::Datadog, _) => "datadog",
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
            (Content::Record, Packing::Concatenated | Packing::Table) => {
                "records one after another"
            }
            (Content::EventBridge, _) => "EventBridge events",
            (Content::LookupEvents, _) => "output of `aws cloudtrail lookup-events`",
            (Content::LogsSubscription, _) => "a CloudWatch Logs subscription payload",
            (Content::LogsExport, _) => "a CloudWatch Logs export",
            (Content::LogEvents, _) => "CloudWatch Logs events",
            (Content::LogsInsights, _) => "a result of a CloudWatch Logs Insights query",
            (Content::Lake, _) => "a result of a CloudTrail Lake query",
            (Content::Search, _) => {
                "a result of a search in Elasticsearch, OpenSearch, Splunk or Datadog"
            }
            (Content::Raw, _) => "Cribl or Splunk events with the record in `_raw`",
            (Content::Shipper, _) => "documents of a log shipper with the record inside",
            (Content::Datadog, _) => "Datadog logs with the record in `attributes`",
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

    /// See [`Content::is_selection`].
    pub const fn is_selection(self) -> bool {
        self.content.is_selection()
    }

    /// Whether it was read from a log group of CloudWatch Logs, to which a trail delivers apart from
    /// its bucket.
    pub const fn is_forwarded(self) -> bool {
        matches!(
            self.content,
            Content::LogsSubscription
                | Content::LogsExport
                | Content::LogEvents
                | Content::LogsInsights
        )
    }

    /// What a log set of this shape cannot show, as sentences.
    pub const fn cannot_prove(self) -> &'static str {
        match self.content {
            Content::Records if self.is_original() => {
                "Only a verified digest chain shows that such files are complete and unaltered."
            }
            Content::Records | Content::Record => {
                "A copy, not the file that CloudTrail wrote: nothing shows that it is whole or unaltered. \
                 Integrity is not verifiable for this source."
            }
            Content::EventBridge => {
                "EventBridge lacks read-only calls unless a rule asks for them, and every event above 256 KB. \
                 Delivery is not verifiable. Integrity is not verifiable for this source."
            }
            Content::LookupEvents => {
                "Event history holds management events of one account and Region of the last 90 days, no data events, \
                 and the output may be filtered. Integrity is not verifiable for this source."
            }
            Content::LogsSubscription
            | Content::LogsExport
            | Content::LogEvents
            | Content::LogsInsights => {
                "CloudWatch Logs never gets events above 256 KB, and a filter, a limit or an expired retention may \
                 have left out others. Integrity is not verifiable for this source."
            }
            Content::Lake => {
                "A query result holds what the query asked for and the event data store kept; nothing shows that no \
                 row is missing. Integrity is not verified for this source."
            }
            Content::Search => {
                "A search result holds what the search asked for, up to its limit, of a copy in a log system; \
                 nothing shows that no record is missing. Integrity is not verifiable for this source."
            }
            Content::Raw
            | Content::Shipper
            | Content::Datadog
            | Content::CloudTrailMember
            | Content::ElasticOriginal => {
                "A copy from a log system, not the original: it may be filtered, sampled, cut or changed on the way. \
                 Integrity is not verifiable for this source."
            }
        }
    }

    /// The shape with these words; a packing that changes no words is not told.
    pub fn of_words(words: &str) -> Option<Shape> {
        Content::ALL
            .into_iter()
            .flat_map(|content| {
                Packing::ALL
                    .into_iter()
                    .map(move |packing| Shape { packing, content })
            })
            .find(|shape| shape.words() == words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_lead_back_to_what_a_shape_cannot_prove() {
        for content in Content::ALL {
            for packing in Packing::ALL {
                let shape = Shape { packing, content };
                let found = Shape::of_words(shape.words()).expect("its own words");
                assert_eq!(found.cannot_prove(), shape.cannot_prove(), "{shape:?}");
                assert_eq!(found.id(), shape.id());
            }
        }
        assert_eq!(Shape::of_words("something else"), None);
    }
}
