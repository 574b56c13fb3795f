//! Which variant a person means.

use crate::flow::FlowError;
use crate::flow::machines::MachineNames;
use crate::tasks::Variant;

use super::super::view::is_meant;
use super::view::FieldConflict;

impl FieldConflict {
    /// The values that this machine wrote, and those that it did not.
    fn sides<'c>(&'c self, machines: &MachineNames<'_>) -> (Vec<&'c Variant>, Vec<&'c Variant>) {
        let is_own = |variant: &&Variant| {
            let mut writes = variant.writes.iter();
            writes.any(|write| machines.is_own(&write.machine))
        };
        self.dispute.variants.iter().partition(is_own)
    }

    /// The one that this machine wrote.
    pub fn local(&self, machines: &MachineNames<'_>) -> Result<&Variant, FlowError> {
        match self.sides(machines).0.as_slice() {
            [one] => Ok(one),
            [] => Err(self.which("this machine wrote none of its values", machines)),
            // Two agents; or undoing a choice wrote all of them again.
            _ => Err(self.which("this machine wrote more than one of its values", machines)),
        }
    }

    /// The one that is not this machine's.
    pub fn remote(&self, machines: &MachineNames<'_>) -> Result<&Variant, FlowError> {
        match self.sides(machines).1.as_slice() {
            [one] => Ok(one),
            [] => Err(self.which("this machine wrote all of its values", machines)),
            _ => Err(self.which("there are several values from elsewhere", machines)),
        }
    }

    /// The one with this token.
    pub fn by_token(
        &self,
        token: &str,
        machines: &MachineNames<'_>,
    ) -> Result<&Variant, FlowError> {
        let typed = token.to_ascii_lowercase();
        let mut all = self.dispute.variants.iter();
        let mut fitting = all.by_ref().filter(|it| is_meant(&it.token, &typed));
        match (fitting.next(), fitting.next()) {
            (Some(one), None) => Ok(one),
            _ => Err(FlowError::NoSuch {
                what: "value",
                wanted: token.to_owned(),
                known: vec![self.choices(machines)],
            }),
        }
    }

    fn which(&self, why: &str, machines: &MachineNames<'_>) -> FlowError {
        FlowError::Refused {
            what: format!("{}: {why}", self.name()),
            hint: format!("say which: `--use TOKEN`, of {}", self.choices(machines)),
        }
    }
}
