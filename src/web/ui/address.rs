//! Addresses of lists: the filters that are on, and what a link changes in them.
//!
//! **Never** carries a filter that nobody chose: an empty field of a form is none.

/// A path with the parameters that are set.
#[derive(Debug, Clone)]
pub(in crate::web) struct Address {
    path: String,
    pairs: Vec<(String, String)>,
}

impl Address {
    /// The address of a request, its empty parameters left out.
    pub(in crate::web) fn of(path: &str, raw: &str) -> Self {
        let pairs = raw.split('&').filter_map(|pair| pair.split_once('='));
        let pairs = pairs.filter(|(name, value)| !value.is_empty() && *name != "done");
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Self { path: path.to_owned(), pairs }
    }

    /// The parameters, encoded as they came.
    pub(in crate::web) fn query(&self) -> String {
        let pairs: Vec<_> =
            self.pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("&")
    }

    /// The same from the first page on with this parameter alone.
    pub(in crate::web) fn only(&self, name: &str) -> String {
        let pairs = self.pairs.iter().filter(|(known, _)| known == name).cloned().collect();
        Self { path: self.path.clone(), pairs }.with("cursor", "")
    }

    /// The same with one parameter changed, from the first page on; an empty value takes it away.
    /// The value is a word of ours or a cursor: it needs no encoding.
    pub(in crate::web) fn with(&self, name: &str, value: &str) -> String {
        let kept = self.pairs.iter().filter(|(known, _)| known != name && known != "cursor");
        let mut pairs: Vec<String> = kept.map(|(name, value)| format!("{name}={value}")).collect();
        if !value.is_empty() {
            pairs.push(format!("{name}={value}"));
        }
        if pairs.is_empty() {
            return self.path.clone();
        }
        format!("{}?{}", self.path, pairs.join("&"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_keeps_the_filters_and_begins_with_the_first_page() {
        let address = Address::of("/tickets", "q=%E7&state=&cursor=abc&sort=filed_at&done=x");
        assert_eq!(address.query(), "q=%E7&cursor=abc&sort=filed_at");
        assert_eq!(address.with("state", "open"), "/tickets?q=%E7&sort=filed_at&state=open");
        assert_eq!(address.with("sort", ""), "/tickets?q=%E7");
        assert_eq!(address.only("sort"), "/tickets?sort=filed_at");
        assert_eq!(address.only("state"), "/tickets");
        assert_eq!(address.with("cursor", "x"), "/tickets?q=%E7&sort=filed_at&cursor=x");
        assert_eq!(Address::of("/tickets", "q=").with("q", ""), "/tickets");
    }
}
