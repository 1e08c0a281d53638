//! The implementations of `Module` and `Display`, as tokens.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Field, Fields, Ident, Result, Type, WherePredicate, parse_quote};

use crate::attributes::{FieldOptions, StructOptions};

pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let fields = named_fields(input)?;
    let StructOptions { root, extra_repr, display } = StructOptions::read(&input.attrs)?;
    let trait_path = quote!(#root::nn::VisitField);

    let mut visits = Vec::new();
    let mut training = Vec::new();
    let mut visited_types: Vec<&Type> = Vec::new();
    let mut seen = Vec::new();
    for (ident, field) in fields {
        let options = FieldOptions::read(&field.attrs)?;
        if options.training {
            training.push(quote!(self.#ident = training;));
        }
        if options.skip || options.training {
            continue;
        }
        let name = options.rename.unwrap_or_else(|| plain_name(ident));
        if seen.contains(&name) {
            return Err(syn::Error::new_spanned(field, format!("two fields are named `{name}`")));
        }
        visits.push(quote!(#trait_path::visit_field(&self.#ident, #name, visitor);));
        training.push(quote!(#trait_path::set_training_field(&mut self.#ident, training);));
        visited_types.push(&field.ty);
        seen.push(name);
    }

    let mut generics = input.generics.clone();
    if generics.type_params().next().is_some() {
        // `struct Pair<A, B> { first: A, second: B }` is a module where its fields can be visited.
        let predicates = visited_types.iter().map(|ty| -> WherePredicate { parse_quote!(#ty: #trait_path) });
        generics.make_where_clause().predicates.extend(predicates);
    }
    let (implementation, arguments, clause) = generics.split_for_impl();
    let ident = &input.ident;
    let kind = plain_name(ident);
    let extra_repr = extra_repr.map(|method| {
        quote! {
            fn extra_repr(&self) -> ::std::string::String {
                self.#method()
            }
        }
    });
    let display = display.then(|| {
        quote! {
            #[automatically_derived]
            impl #implementation ::core::fmt::Display for #ident #arguments #clause {
                fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    #root::nn::write_module(self, formatter)
                }
            }
        }
    });
    Ok(quote! {
        #[automatically_derived]
        impl #implementation #root::nn::Module for #ident #arguments #clause {
            fn kind(&self) -> &'static str {
                #kind
            }
            fn visit<'field>(
                &'field self,
                visitor: &mut dyn ::core::ops::FnMut(&str, #root::nn::Field<'field>),
            ) {
                let _ = &visitor;
                #(#visits)*
            }
            fn set_training(&mut self, training: bool) {
                let _ = training;
                #(#training)*
            }
            #extra_repr
        }
        #display
    })
}

/// `r#type` is the field `type`.
fn plain_name(ident: &Ident) -> String {
    let name = ident.to_string();
    name.strip_prefix("r#").map_or(name.clone(), str::to_owned)
}

fn named_fields(input: &DeriveInput) -> Result<Vec<(&Ident, &Field)>> {
    let refuse = |what: &str| {
        let text = format!(
            "`Module` is derived for structs with named fields, because the names are those of the state; this is {what}"
        );
        Err(syn::Error::new_spanned(&input.ident, text))
    };
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => Ok(fields
                .named
                .iter()
                .filter_map(|field| field.ident.as_ref().map(|ident| (ident, field)))
                .collect()),
            // `struct Flatten;` is a module without state.
            Fields::Unit => Ok(Vec::new()),
            Fields::Unnamed(_) => refuse("a tuple struct"),
        },
        Data::Enum(_) => refuse("an enum"),
        Data::Union(_) => refuse("a union"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(input: &DeriveInput) -> String {
        expand(input).unwrap().to_string()
    }

    fn fault(input: &DeriveInput) -> String {
        expand(input).unwrap_err().to_string()
    }

    #[test]
    fn fields_are_visited_in_their_order_under_their_names() {
        let text = tokens(&parse_quote! {
            struct Net {
                first: Linear,
                #[module(rename = "weight")]
                scale: Parameter,
                r#type: Linear,
                #[module(skip)]
                size: usize,
            }
        });
        let positions: Vec<usize> = [r#""first""#, r#""weight""#, r#""type""#]
            .map(|name| text.find(name).unwrap_or_else(|| panic!("{name} in {text}")))
            .to_vec();
        assert!(positions.is_sorted(), "{text}");
        assert!(!text.contains("size"), "{text}");
        assert!(text.contains("impl :: rushlight :: nn :: Module for Net"), "{text}");
    }

    #[test]
    fn a_training_flag_is_set_and_not_visited() {
        let text = tokens(&parse_quote!(
            struct Dropout {
                #[module(training)]
                active: bool,
            }
        ));
        assert!(text.contains("self . active = training ;"), "{text}");
        assert!(!text.contains("visit_field"), "{text}");
    }

    #[test]
    fn generic_fields_are_bounded() {
        let text = tokens(&parse_quote!(
            struct Pair<A, B: Clone> {
                first: A,
                second: Vec<B>,
            }
        ));
        assert!(text.contains("where A : :: rushlight :: nn :: VisitField"), "{text}");
        assert!(text.contains("Vec < B > : :: rushlight :: nn :: VisitField"), "{text}");
    }

    #[test]
    fn the_crate_can_be_named() {
        let text = tokens(&parse_quote!(
            #[module(crate = "crate")]
            struct Net {
                first: Linear,
            }
        ));
        assert!(text.contains("impl crate :: nn :: Module for Net"), "{text}");
    }

    #[test]
    fn text_comes_with_the_derive_unless_it_is_the_users_own() {
        let text = tokens(&parse_quote!(
            #[module(extra_repr = "sizes")]
            struct Net {
                first: Linear,
            }
        ));
        assert!(text.contains("impl :: core :: fmt :: Display for Net"), "{text}");
        assert!(text.contains("self . sizes ()"), "{text}");
        let text = tokens(&parse_quote!(
            #[module(no_display)]
            struct Net {
                first: Linear,
            }
        ));
        assert!(!text.contains("Display"), "{text}");
    }

    #[test]
    fn faults_are_named() {
        assert!(
            fault(&parse_quote!(
                struct Net(Linear);
            ))
            .contains("a tuple struct")
        );
        assert!(
            fault(&parse_quote!(
                enum Net {
                    One,
                }
            ))
            .contains("an enum")
        );
        let unknown = parse_quote!(
            struct Net {
                #[module(ignore)]
                first: Linear,
            }
        );
        assert!(fault(&unknown).contains("known for a field"));
        let dotted = parse_quote!(
            struct Net {
                #[module(rename = "a.b")]
                first: Linear,
            }
        );
        assert!(fault(&dotted).contains("no dot"));
        let twice = parse_quote!(
            struct Net {
                first: Linear,
                #[module(rename = "first")]
                second: Linear,
            }
        );
        assert!(fault(&twice).contains("two fields are named `first`"));
        let both = parse_quote!(
            struct Net {
                #[module(skip, rename = "x")]
                first: Linear,
            }
        );
        assert!(fault(&both).contains("no name to change"));
    }
}
