//! Which variant a person means.

use crate::flow::FlowError;
use crate::flow::machines::MachineNames;
use crate::tasks::Variant;

use super::super::view::is_meant;
use super::view::FieldConflict;

impl FieldConflict {
    /// What this machine wrote last.
    pub fn local(&self, machines: &MachineNames<'_>) -> Option<&Variant> {
        let own = self.dispute.variants.iter().filter_map(|variant| {
            let own = variant.writes.iter();
            let own = own.filter(|write| machines.is_own(&write.machine));
            Some((own.map(|write| (write.at, write.id)).max()?, variant))
        });
        own.max_by_key(|(latest, _)| *latest).map(|(_, it)| it)
    }

    pub fn local_or_refusal(&self, machines: &MachineNames<'_>) -> Result<&Variant, FlowError> {
        self.local(machines)
            .ok_or_else(|| self.which("this machine wrote none of its values", machines))
    }

    /// The one that is not this machine's.
    pub fn remote(&self, machines: &MachineNames<'_>) -> Result<&Variant, FlowError> {
        let local = self.local(machines).map(|variant| variant.id);
        let mut others = self.dispute.variants.iter();
        let mut others = others.by_ref().filter(|it| Some(it.id) != local);
        match (others.next(), others.next()) {
            (Some(one), None) => Ok(one),
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
