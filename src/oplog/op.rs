//! An op that is understood.

use std::sync::Arc;

use serde_json::Value;

use crate::base::MachineId;
use crate::layout::{Entity, OpId, OpRecord, OpTime, TextName};

/// A value: in the op itself, or too long for that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    Plain(Value),
    Text(TextName),
}

/// What an op does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Something new, with its first fields.
    New {
        fields: Vec<(String, Value)>,
    },
    /// A field has one value.
    Set {
        field: String,
        content: Content,
    },
    /// A field has many.
    Add {
        field: String,
        content: Content,
    },
    Remove {
        field: String,
    },
    Delete,
    Undelete,
}

/// One op, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Op {
    pub id: OpId,
    pub replica: MachineId,
    /// What tells its chain from others of its replica, where that is a fork. What a fork has in common
    /// with its replica's chain stands in that.
    pub fork: Option<Arc<str>>,
    pub seq: u64,
    pub at: OpTime,
    pub on: Entity,
    pub act: Act,
    /// The writes that it supersedes.
    pub saw: Vec<OpId>,
    pub by: Option<Arc<str>>,
}

/// Why an op is not applied. It is kept, and others are applied all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpFault {
    #[error("it does something that this holdall does not know")]
    Unknown,
    /// Nothing behind it may be applied.
    #[error("it does something that this holdall does not know and may not pass by")]
    Must,
    #[error("it lacks {0}")]
    Lacks(&'static str),
    #[error("it names a field that no field is called")]
    NoField,
}

impl Op {
    /// Understands a record of a replica's own chain. `id` is where that has it.
    pub fn of(replica: &MachineId, id: OpId, record: &OpRecord) -> Result<Self, OpFault> {
        Ok(Self {
            id,
            replica: replica.clone(),
            fork: None,
            seq: record.seq,
            at: record.at,
            on: record.on.clone(),
            act: act(record)?,
            saw: record.saw.clone().unwrap_or_default(),
            by: record.by.as_deref().map(Arc::from),
        })
    }
}

fn act(record: &OpRecord) -> Result<Act, OpFault> {
    Ok(match record.verb.as_str() {
        "new" => Act::New {
            fields: first_fields(record)?,
        },
        "set" | "resolve" => Act::Set {
            field: field(record)?,
            content: content(record)?,
        },
        "add" => Act::Add {
            field: field(record)?,
            content: content(record)?,
        },
        "remove" => Act::Remove {
            field: field(record)?,
        },
        "delete" => Act::Delete,
        "undelete" => Act::Undelete,
        verb if verb.ends_with('!') => return Err(OpFault::Must),
        _ => return Err(OpFault::Unknown),
    })
}

fn first_fields(record: &OpRecord) -> Result<Vec<(String, Value)>, OpFault> {
    let fields = record.fields.as_ref().ok_or(OpFault::Lacks("`fields`"))?;
    if fields.keys().any(String::is_empty) {
        return Err(OpFault::NoField);
    }
    let fields = fields.iter();
    Ok(fields
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect())
}

fn field(record: &OpRecord) -> Result<String, OpFault> {
    let field = record.field.clone().ok_or(OpFault::Lacks("`field`"))?;
    if field.is_empty() {
        return Err(OpFault::NoField);
    }
    Ok(field)
}

fn content(record: &OpRecord) -> Result<Content, OpFault> {
    match (&record.value, &record.text) {
        (Some(value), None) => Ok(Content::Plain(value.clone())),
        (None, Some(name)) => Ok(Content::Text(name.clone())),
        _ => Err(OpFault::Lacks("either `value` or `text`")),
    }
}
