//! The derive against the contract that `rushlight::nn` fulfils, here with a parameter that is only a number.

use rushlight_derive::Module;

/// The contract: what the derive expects to find below the path of the crate.
mod library {
    pub(crate) mod nn {
        use std::fmt;

        #[derive(Debug)]
        pub(crate) struct Parameter(pub(crate) i32);

        pub(crate) enum Field<'field> {
            Parameter(&'field Parameter),
            Module(&'field dyn Module),
        }

        pub(crate) trait Module {
            fn kind(&self) -> &'static str;
            fn visit<'field>(&'field self, visitor: &mut dyn FnMut(&str, Field<'field>));
            fn set_training(&mut self, training: bool);
            fn extra_repr(&self) -> String {
                String::new()
            }
        }

        pub(crate) trait VisitField {
            fn visit_field<'field>(&'field self, name: &str, visitor: &mut dyn FnMut(&str, Field<'field>));
            fn set_training_field(&mut self, training: bool);
        }

        impl VisitField for Parameter {
            fn visit_field<'field>(&'field self, name: &str, visitor: &mut dyn FnMut(&str, Field<'field>)) {
                visitor(name, Field::Parameter(self));
            }
            fn set_training_field(&mut self, _training: bool) {}
        }

        impl<M: Module> VisitField for M {
            fn visit_field<'field>(&'field self, name: &str, visitor: &mut dyn FnMut(&str, Field<'field>)) {
                visitor(name, Field::Module(self));
            }
            fn set_training_field(&mut self, training: bool) {
                self.set_training(training);
            }
        }

        impl<F: VisitField> VisitField for Option<F> {
            fn visit_field<'field>(&'field self, name: &str, visitor: &mut dyn FnMut(&str, Field<'field>)) {
                if let Some(field) = self {
                    field.visit_field(name, visitor);
                }
            }
            fn set_training_field(&mut self, training: bool) {
                if let Some(field) = self {
                    field.set_training_field(training);
                }
            }
        }

        // A list is a module of its own, as PyTorch's ModuleList: its entries are named by their positions.
        impl<F: VisitField> Module for Vec<F> {
            fn kind(&self) -> &'static str {
                "ModuleList"
            }
            fn visit<'field>(&'field self, visitor: &mut dyn FnMut(&str, Field<'field>)) {
                for (index, field) in self.iter().enumerate() {
                    field.visit_field(&index.to_string(), visitor);
                }
            }
            fn set_training(&mut self, training: bool) {
                for field in self {
                    field.set_training_field(training);
                }
            }
        }

        /// As PyTorch's `repr`, but only the names.
        pub(crate) fn write_module(module: &dyn Module, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(formatter, "{}({})", module.kind(), module.extra_repr())
        }

        /// Names and values, a module's own parameters before those of its modules, as PyTorch lists them.
        pub(crate) fn named_parameters(module: &dyn Module, prefix: &str, found: &mut Vec<(String, i32)>) {
            let join =
                |name: &str| if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
            module.visit(&mut |name, field| {
                if let Field::Parameter(parameter) = field {
                    found.push((join(name), parameter.0));
                }
            });
            module.visit(&mut |name, field| {
                if let Field::Module(inner) = field {
                    named_parameters(inner, &join(name), found);
                }
            });
        }
    }
}

use library::nn::{Module as _, Parameter, named_parameters};

#[derive(Module)]
#[module(crate = "crate::library", extra_repr = "size")]
struct Linear {
    weight: Parameter,
    bias: Option<Parameter>,
}

impl Linear {
    fn size(&self) -> String {
        format!("bias={}", self.bias.is_some())
    }
}

#[derive(Module)]
#[module(crate = "crate::library")]
struct Dropout {
    #[module(training)]
    active: bool,
}

#[derive(Module)]
#[module(crate = "crate::library")]
struct Flatten;

#[derive(Module)]
#[module(crate = "crate::library")]
struct Net<M> {
    input: Linear,
    layers: Vec<Linear>,
    dropout: Dropout,
    flatten: Flatten,
    inner: M,
    #[module(rename = "gain")]
    scale: Parameter,
    #[module(skip)]
    label: String,
}

fn linear(weight: i32, bias: Option<i32>) -> Linear {
    Linear { weight: Parameter(weight), bias: bias.map(Parameter) }
}

fn net() -> Net<Linear> {
    Net {
        input: linear(1, Some(2)),
        layers: vec![linear(3, None), linear(4, Some(5))],
        dropout: Dropout { active: true },
        flatten: Flatten,
        inner: linear(6, None),
        scale: Parameter(7),
        label: "net".to_owned(),
    }
}

#[test]
fn parameters_have_pytorchs_names_and_order() {
    let mut found = Vec::new();
    named_parameters(&net(), "", &mut found);
    let expected = [
        ("gain", 7),
        ("input.weight", 1),
        ("input.bias", 2),
        ("layers.0.weight", 3),
        ("layers.1.weight", 4),
        ("layers.1.bias", 5),
        ("inner.weight", 6),
    ];
    assert_eq!(found, expected.map(|(name, value)| (name.to_owned(), value)));
}

#[test]
fn training_reaches_every_flag() {
    let mut net = net();
    net.set_training(false);
    assert!(!net.dropout.active);
    net.set_training(true);
    assert!(net.dropout.active);
    assert_eq!((net.kind(), net.flatten.kind(), net.label.as_str()), ("Net", "Flatten", "net"));
}

#[test]
fn the_text_is_the_modules() {
    assert_eq!(linear(1, None).to_string(), "Linear(bias=false)");
    assert_eq!(net().to_string(), "Net()");
}
