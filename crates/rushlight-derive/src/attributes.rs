//! Reading `#[module(…)]`. Each fault is reported where it stands, all of them at once.

use syn::{Attribute, Ident, LitStr, Path, Result};

/// What a field's attributes say.
#[derive(Default)]
pub(crate) struct FieldOptions {
    pub(crate) skip: bool,
    pub(crate) training: bool,
    pub(crate) rename: Option<String>,
}

impl FieldOptions {
    pub(crate) fn read(attributes: &[Attribute]) -> Result<Self> {
        let mut options = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("module")) {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("skip") {
                    options.skip = true;
                } else if meta.path.is_ident("training") {
                    options.training = true;
                } else if meta.path.is_ident("rename") {
                    let name: LitStr = meta.value()?.parse()?;
                    if name.value().is_empty() || name.value().contains('.') {
                        return Err(syn::Error::new(
                            name.span(),
                            "a name is not empty and has no dot, as in PyTorch",
                        ));
                    }
                    options.rename = Some(name.value());
                } else {
                    return Err(meta.error("known for a field: `skip`, `training`, `rename = \"…\"`"));
                }
                Ok(())
            })?;
            if options.rename.is_some() && (options.skip || options.training) {
                return Err(syn::Error::new_spanned(
                    attribute,
                    "a field that is not visited has no name to change",
                ));
            }
        }
        Ok(options)
    }
}

/// What a struct's attributes say.
pub(crate) struct StructOptions {
    /// The path under which `nn` is found: `::rushlight` unless the struct says otherwise.
    pub(crate) root: Path,
    /// The method that tells what the text says beside the parts.
    pub(crate) extra_repr: Option<Ident>,
    /// Whether `Display` is implemented too.
    pub(crate) display: bool,
}

impl StructOptions {
    pub(crate) fn read(attributes: &[Attribute]) -> Result<Self> {
        let mut options = Self { root: syn::parse_quote!(::rushlight), extra_repr: None, display: true };
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("module")) {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("crate") {
                    options.root = meta.value()?.parse::<LitStr>()?.parse()?;
                } else if meta.path.is_ident("extra_repr") {
                    options.extra_repr = Some(meta.value()?.parse::<LitStr>()?.parse()?);
                } else if meta.path.is_ident("no_display") {
                    options.display = false;
                } else {
                    return Err(meta.error(
                        "known for a struct: `crate = \"path\"`, `extra_repr = \"method\"`, `no_display`",
                    ));
                }
                Ok(())
            })?;
        }
        Ok(options)
    }
}
