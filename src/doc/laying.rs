//! Laying members back in, as far as values go.

use std::collections::HashMap;

use super::tree::{Drops, KeyPath, Member, Node, Shape, item, parts, pruned, same_node};

/// One value with the dropped members of another laid back in: what a text must say once they were
/// written into it.
pub(super) struct Laying {
    path: KeyPath,
    pub(super) placed: Vec<KeyPath>,
    /// Those of them that take the place of another value.
    pub(super) replaced: Vec<KeyPath>,
    pub(super) left_out: Vec<KeyPath>,
}

impl Laying {
    /// A member that is there already gets the local value. An object that is missing on the way is
    /// made if it says nothing but what was dropped below it; else it was deleted over there, and no
    /// husk of it comes back. Below a list, members are laid back only if the list has as many items on both sides
    /// and that item is otherwise the same.
    pub(super) fn lay<'a>(
        node: &Node<'a>,
        local: &Node<'a>,
        drops: &Drops<'_>,
    ) -> (Node<'a>, Self) {
        let mut laying = Self {
            path: Vec::new(),
            placed: Vec::new(),
            replaced: Vec::new(),
            left_out: Vec::new(),
        };
        let node = laying.node(node, local, drops);
        (node, laying)
    }

    fn node<'a>(&mut self, node: &Node<'a>, local: &Node<'a>, drops: &Drops<'_>) -> Node<'a> {
        let shape = match (&node.shape, &local.shape) {
            (Shape::Object(members), Shape::Object(locals)) => {
                Shape::Object(self.members(members, locals, drops))
            }
            (Shape::List(items), Shape::List(locals)) => {
                Shape::List(self.items(items, locals, drops))
            }
            (shape, _) => {
                self.leave_out(local, drops);
                shape.clone()
            }
        };
        Node {
            span: node.span.clone(),
            form: node.form,
            shape,
        }
    }

    fn members<'a>(
        &mut self,
        members: &[Member<'a>],
        locals: &[Member<'a>],
        drops: &Drops<'_>,
    ) -> Vec<Member<'a>> {
        let mut laid = members.to_vec();
        let places = laid.iter().enumerate();
        let places: HashMap<String, usize> = places
            .map(|(at, member)| (member.key.clone().into_owned(), at))
            .collect();
        for local in locals {
            let Some(below) = drops.key(&local.key) else {
                continue;
            };
            self.path.push(local.key.clone().into_owned());
            match places.get(&*local.key) {
                Some(at) if below.here => {
                    self.placed.push(self.path.clone());
                    self.replaced.push(self.path.clone());
                    laid[*at] = local.clone();
                }
                Some(at) => laid[*at].value = self.node(&laid[*at].value, &local.value, below),
                None => laid.extend(self.sprout(local, below)),
            }
            self.path.pop();
        }
        laid
    }

    fn items<'a>(
        &mut self,
        items: &[Node<'a>],
        locals: &[Node<'a>],
        drops: &Drops<'_>,
    ) -> Vec<Node<'a>> {
        let mut laid = items.to_vec();
        for (index, local) in locals.iter().enumerate() {
            let Some(below) = drops.item(index) else {
                continue;
            };
            self.path.push(item(index));
            if items.len() == locals.len() && same_node(&items[index], local, Some(below)) {
                laid[index] = self.node(&items[index], local, below);
            } else {
                self.leave_out(local, below);
            }
            self.path.pop();
        }
        laid
    }

    /// A member that is missing: as it is, or with nothing but what was dropped below.
    fn sprout<'a>(&mut self, local: &Member<'a>, drops: &Drops<'_>) -> Option<Member<'a>> {
        if drops.here {
            self.placed.push(self.path.clone());
            return Some(local.clone());
        }
        let Shape::Object(locals) = &local.value.shape else {
            self.leave_out(&local.value, drops);
            return None;
        };
        if says_something(&pruned(&local.value, drops)) {
            self.leave_out(&local.value, drops);
            return None;
        }
        let members = self.members(&[], locals, drops);
        (!members.is_empty()).then(|| Member {
            key: local.key.clone(),
            key_span: local.key_span.clone(),
            value: Node {
                span: local.value.span.clone(),
                form: local.value.form,
                shape: Shape::Object(members),
            },
        })
    }

    fn leave_out(&mut self, local: &Node<'_>, drops: &Drops<'_>) {
        if drops.here {
            self.left_out.push(self.path.clone());
            return;
        }
        for (part, node) in parts(local) {
            if let Some(below) = drops.below.get(part.as_str()) {
                self.path.push(part);
                self.leave_out(node, below);
                self.path.pop();
            }
        }
    }
}

/// Whether a value is more than objects without members.
fn says_something(node: &Node<'_>) -> bool {
    match &node.shape {
        Shape::Object(members) => members.iter().any(|member| says_something(&member.value)),
        _ => true,
    }
}
