//! From files to a pack: the manifest, then its layers in order, then their tests.

use parasol_journey::vocab::Category;
use toml::Spanned;

use crate::amount::RATE_DENOMINATOR;
use crate::condition::Condition;
use crate::form::{CategoryForm, FileForm, LeftForm, RuleForm, TestsForm, WarrantyForm};
use crate::guidance::{GUIDANCE_ROWS_MAX, Guidance};
use crate::layer::{Layer, LayerKind, PackError, PackFile, Validity};
use crate::pack::{Cover, LeftToAPerson, Pack, Warranty};
use crate::parameters::Parameter;
use crate::plain::plainly;
use crate::probe::province_bit;
use crate::promises::PromiseNumbers;
use crate::rule::{Rule, RuleId, Stage};
use crate::terms::PromiseForm;
use crate::trial::{self, Trial};

/// The largest file of a pack accepted, in bytes.
const TEXT_BYTES_MAX: usize = 1 << 20;
/// The most files of a pack accepted, tests included.
const FILES_MAX: usize = 100;
/// The most rows accepted.
const RULES_MAX: usize = 1_000;
/// The most tests accepted.
const TESTS_MAX: usize = 5_000;
/// The longest warranty accepted: fifty years.
const WARRANTY_MONTHS_MAX: u32 = 600;
/// The longest version of a pack or a layer, in bytes.
const VERSION_MAX: usize = 40;
/// The name of a manifest.
const MANIFEST: &str = "pack.toml";

/// A file under reading.
struct Source<'a> {
    file: &'a PackFile,
}

impl Source<'_> {
    fn error(&self, span: std::ops::Range<usize>, reason: impl Into<String>) -> PackError {
        self.at(self.file.line(span.start), None, reason)
    }

    fn at(&self, line: u32, rule: Option<&str>, reason: impl Into<String>) -> PackError {
        PackError {
            file: self.file.name.clone(),
            line,
            rule: rule.map(ToOwned::to_owned),
            reason: reason.into(),
        }
    }

    /// The row that a line stands in, by the words above and below it: the file does not read, so nothing else
    /// tells.
    fn rule_of(&self, line: u32) -> Option<String> {
        let lines: Vec<&str> = self.file.text.lines().collect();
        let at = (line as usize).clamp(1, lines.len().max(1));
        let begins = |line: &&str| line.trim_start().starts_with('[');
        let head = lines.get(..at)?.iter().rposition(begins)?;
        if lines[head].trim() != "[[rule]]" {
            return None;
        }
        let mut own = lines[head + 1..].iter().take_while(|line| !begins(line));
        let id = own.find_map(|line| line.trim().strip_prefix("id = \""))?;
        id.split('"').next().filter(|id| id.len() <= RuleId::LEN_MAX).map(ToOwned::to_owned)
    }

    fn parse<T: serde::de::DeserializeOwned>(&self) -> Result<T, PackError> {
        if self.file.text.len() > TEXT_BYTES_MAX {
            return Err(self.error(0..0, format!("larger than {TEXT_BYTES_MAX} bytes")));
        }
        toml::from_str(&self.file.text).map_err(|error| {
            let line = self.file.line(error.span().unwrap_or(0..0).start);
            let text = self.file.text.lines().nth(line.saturating_sub(1) as usize);
            self.at(line, self.rule_of(line).as_deref(), plainly(error.message(), text))
        })
    }
}

/// A layer's place in the pack while its rows are read.
struct Place {
    kind: LayerKind,
    provinces: u128,
    validity: Validity,
}

impl Pack {
    /// Reads and checks a pack: a manifest called `pack.toml` with the layers it includes, or a single
    /// file of any name. The tests of `law.toml` are looked for in `law.tests.toml`.
    ///
    /// # Errors
    /// The first thing that is wrong, with file, line, the row where there is one, and the reason.
    pub fn read(files: &[PackFile]) -> Result<Self, PackError> {
        let manifest = match files {
            [only] => only,
            files => files.iter().find(|file| file.name == MANIFEST).ok_or_else(|| PackError {
                file: MANIFEST.to_owned(),
                line: 1,
                rule: None,
                reason: "there is no manifest of this name among the files".to_owned(),
            })?,
        };
        let source = Source { file: manifest };
        if files.len() > FILES_MAX {
            return Err(source.error(0..0, format!("more than {FILES_MAX} files")));
        }
        let form: FileForm = source.parse()?;
        let mut pack = Self::begun(&source, &form)?;
        let mut tested = vec![manifest];
        let mut promises = Vec::new();
        if form.includes.is_empty() {
            promises.extend(promised(&source, &form));
            pack.add_layer(&source, form)?;
        } else {
            refuse_content(&source, &form)?;
            for include in &form.includes {
                let found = files.iter().find(|file| file.name == include.get_ref().file);
                let Some(file) = found else {
                    let reason = format!("the file {} is missing", include.get_ref().file);
                    return Err(source.error(include.span(), reason));
                };
                let layer = Source { file };
                let form: FileForm = layer.parse()?;
                if *form.version.get_ref() != include.get_ref().version {
                    let (ours, named) = (form.version.get_ref(), &include.get_ref().version);
                    let reason = format!("{} is version {ours}, not {named}", file.name);
                    return Err(source.error(include.span(), reason));
                }
                promises.extend(promised(&layer, &form));
                pack.add_layer(&layer, form)?;
                tested.push(file);
            }
        }
        pack.finish(&source)?;
        pack.check_promises(promises)?;
        pack.read_tests(files, &tested)?;
        Ok(pack)
    }

    fn begun(source: &Source<'_>, form: &FileForm) -> Result<Self, PackError> {
        if !version_fits(form.version.get_ref()) {
            let reason = "`version` must be 1 to 40 letters, digits, `-` or `.`";
            return Err(source.error(form.version.span(), reason));
        }
        let Some(from) = form.effective_from else {
            return Err(source.error(0..0, "`effective_from` is missing"));
        };
        let effect = Validity::new(from, form.effective_until);
        Ok(Self {
            version: form.version.get_ref().as_str().into(),
            effect: effect.map_err(|reason| source.error(0..0, reason))?,
            source: form.source.clone(),
            layers: Vec::new(),
            parameters: Vec::new(),
            covers: Vec::new(),
            warranties: Vec::new(),
            promises: Vec::new(),
            promise_numbers: PromiseNumbers::default(),
            guards: Vec::new(),
            entitlements: Vec::new(),
            amounts: Vec::new(),
            breaches: Vec::new(),
            fallbacks: Vec::new(),
            guidance: Vec::new(),
            left: Vec::new(),
            trials: Vec::new(),
        })
    }

    fn add_layer(&mut self, source: &Source<'_>, form: FileForm) -> Result<(), PackError> {
        let place = self.place(source, &form)?;
        for parameter in &form.parameters {
            let read = Parameter::read(parameter.get_ref(), place.validity, place.provinces);
            let read = read.map_err(|reason| source.error(parameter.span(), reason))?;
            self.parameters.push(read);
        }
        for category in form.categories {
            let span = category.span();
            let cover =
                cover(category.into_inner()).map_err(|why| source.error(span.clone(), why))?;
            if self.covers.iter().any(|earlier| earlier.category == cover.category) {
                let reason = format!("category {} is given twice", cover.category);
                return Err(source.error(span, reason));
            }
            self.covers.push(cover);
        }
        for one in form.warranties {
            let span = one.span();
            let read = warranty(one.into_inner(), place.validity);
            self.warranties.push(read.map_err(|reason| source.error(span, reason))?);
        }
        for promise in form.promises {
            let span = promise.span();
            let added = self.add_promise(promise.into_inner());
            added.map_err(|reason| source.error(span, reason))?;
        }
        for row in form.guidance {
            let span = row.span();
            let read = Guidance::read(row.into_inner(), place.validity);
            self.guidance.push(read.map_err(|reason| source.error(span, reason))?);
        }
        if self.guidance.len() > GUIDANCE_ROWS_MAX {
            return Err(source.error(0..0, format!("more than {GUIDANCE_ROWS_MAX} guidance rows")));
        }
        let before = self.rows().count();
        for rule in form.rules {
            self.add_rule(source, rule, &place)?;
        }
        if self.rows().count() > RULES_MAX {
            return Err(source.error(0..0, format!("more than {RULES_MAX} rules")));
        }
        for left in form.left {
            let LeftForm { when, why } = left.get_ref();
            let when = Condition::compile(when, &self.promise_numbers);
            let when = when.map_err(|reason| source.error(left.span(), reason))?;
            if when.is_empty() || why.trim().is_empty() {
                let reason = "`when` and `why` must say what is left to a person, and why";
                return Err(source.error(left.span(), reason));
            }
            self.left.push(LeftToAPerson { when });
        }
        self.layers.push(Layer {
            name: form
                .layer
                .unwrap_or_else(|| source.file.name.trim_end_matches(".toml").to_owned()),
            kind: place.kind,
            version: form.version.into_inner(),
            valid_from: place.validity.from,
            valid_until: place.validity.until,
            source: form.source,
            rules: self.rows().count() - before,
        });
        Ok(())
    }

    fn place(&self, source: &Source<'_>, form: &FileForm) -> Result<Place, PackError> {
        let kind = form.kind.unwrap_or(LayerKind::Law);
        let provinces = form
            .provinces
            .as_deref()
            .map(|list| list.iter().copied().map(province_bit).fold(0, |bits, bit| bits | bit));
        let provinces = match (kind, provinces) {
            (LayerKind::Province, None | Some(0)) => {
                return Err(source.error(0..0, "a layer of a province names its `provinces`"));
            }
            (LayerKind::Province, Some(bits)) => bits,
            (_, None) => u128::MAX,
            (_, Some(_)) => {
                return Err(source.error(0..0, "`provinces` belongs to a layer of kind `province`"));
            }
        };
        let from = form.valid_from.unwrap_or(self.effect.from);
        let validity = Validity::new(from, form.valid_until);
        let validity = validity.map_err(|reason| source.error(0..0, reason))?;
        Ok(Place { kind, provinces, validity })
    }

    fn add_promise(&mut self, form: PromiseForm) -> Result<(), String> {
        form.check()?;
        if self.promises.iter().any(|earlier| earlier.id == form.id) {
            return Err(format!("promise {} is given twice", form.id));
        }
        if !self.promise_numbers.add(&form.id) {
            return Err("there are more promises than a pack can tell apart".to_owned());
        }
        self.promises.push(form);
        Ok(())
    }

    fn add_rule(
        &mut self,
        source: &Source<'_>,
        form: Spanned<RuleForm>,
        place: &Place,
    ) -> Result<(), PackError> {
        let line = source.file.line(form.span().start);
        let form = form.into_inner();
        let id = form.id.clone();
        let refuse = |reason: String| source.at(line, Some(&id), reason);
        if self.rules().any(|rule| rule.id.as_str() == id) {
            return Err(refuse("the id is used twice".to_owned()));
        }
        let (before, days) = (form.before.clone(), place.validity.narrowed(form.from, form.until));
        let days = days.map_err(refuse)?;
        let mut rule = Rule::compile(form, &self.promise_numbers).map_err(refuse)?;
        // What holds for all the days of the pack needs no look at the day.
        let days = (!days.covers(self.effect)).then_some(days);
        rule.when.narrow(place.provinces, days).map_err(refuse)?;
        let rows = self.stage_mut(rule.text.stage);
        let at = match before {
            None if rule.text.stage == Stage::Fallback && place.kind != LayerKind::Law => {
                return Err(refuse(
                    "a `fallback` of an overlay says `before` which row".to_owned(),
                ));
            }
            None => rows.len(),
            Some(named) => {
                let found = rows.iter().position(|row| row.text.id.as_str() == named);
                found.ok_or_else(|| {
                    refuse(format!("`before` names {named}, which no earlier layer has here"))
                })?
            }
        };
        rows.insert(at, rule);
        Ok(())
    }

    fn finish(&mut self, source: &Source<'_>) -> Result<(), PackError> {
        let missing =
            |category: &&Category| !self.covers.iter().any(|one| one.category == **category);
        if let Some(category) = Category::ALL.iter().find(missing) {
            return Err(source.error(0..0, format!("category {category} is missing")));
        }
        self.covers.sort_by_key(|cover| cover.category);
        if self.fallbacks.last().is_none_or(|last| !last.when.is_empty()) {
            let reason = "the last `fallback` rule must hold always (`when = {}`), so that no case \
                          is left without an answer";
            return Err(source.at(source.file.line(source.file.text.len()), None, reason));
        }
        Ok(())
    }

    /// Refuses a promise that names a row no layer has, where it stands.
    fn check_promises(&self, promises: Vec<(PackError, Vec<String>)>) -> Result<(), PackError> {
        let unknown = |id: &&String| !self.rules().any(|rule| rule.id.as_str() == **id);
        for (mut place, rules) in promises {
            if let Some(id) = rules.iter().find(unknown) {
                place.reason = format!("{} names rule {id}, which is not there", place.reason);
                return Err(place);
            }
        }
        Ok(())
    }

    /// Reads the tests that stand in the files themselves and in those beside them.
    fn read_tests(&mut self, files: &[PackFile], tested: &[&PackFile]) -> Result<(), PackError> {
        let mut trials: Vec<Trial> = Vec::new();
        for file in tested {
            let beside = PackFile::name_of_tests(&file.name);
            let beside = files.iter().find(|other| other.name == beside);
            for place in [Some(*file), beside].into_iter().flatten() {
                let source = Source { file: place };
                let form = if std::ptr::eq(place, *file) {
                    let FileForm { suppose, tests, .. } = source.parse()?;
                    TestsForm { suppose, tests }
                } else {
                    source.parse()?
                };
                let suppose = form.suppose.map(Spanned::into_inner).unwrap_or_default();
                for test in form.tests {
                    let line = place.line(test.span().start);
                    let test = test.into_inner();
                    let rule = test.rule.clone();
                    let read = trial::read(self, &place.name, line, &suppose, test);
                    trials.push(read.map_err(|why| source.at(line, Some(&rule), why))?);
                }
            }
        }
        if trials.len() > TESTS_MAX {
            let source = Source { file: tested[0] };
            return Err(source.error(0..0, format!("more than {TESTS_MAX} tests")));
        }
        self.trials = trials;
        Ok(())
    }
}

/// Where the promises of a file stand, with the rows they name.
fn promised(source: &Source<'_>, form: &FileForm) -> Vec<(PackError, Vec<String>)> {
    let place = |promise: &Spanned<PromiseForm>| {
        let PromiseForm { id, rules, .. } = promise.get_ref();
        (source.error(promise.span(), format!("promise {id}")), rules.clone())
    };
    form.promises.iter().map(place).collect()
}

/// A manifest that includes layers has no rows of its own.
fn refuse_content(source: &Source<'_>, form: &FileForm) -> Result<(), PackError> {
    let is_empty = form.rules.is_empty()
        && form.categories.is_empty()
        && form.parameters.is_empty()
        && form.warranties.is_empty()
        && form.promises.is_empty()
        && form.guidance.is_empty()
        && form.tests.is_empty();
    if is_empty {
        return Ok(());
    }
    Err(source.error(0..0, "a manifest that includes layers has no rows of its own"))
}

fn version_fits(version: &str) -> bool {
    let part = |byte: u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
    !version.is_empty() && version.len() <= VERSION_MAX && version.bytes().all(part)
}

fn check_months(whole: u32, parts: u32) -> Result<(), String> {
    if whole <= parts && parts <= WARRANTY_MONTHS_MAX {
        return Ok(());
    }
    Err(format!("months must be whole unit <= main parts <= {WARRANTY_MONTHS_MAX}"))
}

fn cover(form: CategoryForm) -> Result<Cover, String> {
    let name = form.name;
    check_months(form.whole_unit_months, form.main_part_months)
        .map_err(|reason| format!("category {name}: {reason}"))?;
    if i128::from(form.depreciation_per_day) > RATE_DENOMINATOR {
        return Err(format!("category {name}: depreciation is above the price a day"));
    }
    Ok(Cover {
        category: name,
        whole_unit_months: form.whole_unit_months,
        main_part_months: form.main_part_months,
        main_parts: form.main_parts,
        depreciation_per_day: form.depreciation_per_day,
        source: form.source,
    })
}

fn warranty(form: WarrantyForm, layer: Validity) -> Result<Warranty, String> {
    check_months(form.whole_unit_months, form.main_part_months)?;
    if form.brand.trim().is_empty() || form.source.trim().is_empty() {
        return Err("`brand` or `source` is empty".to_owned());
    }
    let sold = Validity::new(form.sold_from.unwrap_or(layer.from), form.sold_until)?;
    Ok(Warranty {
        brand: form.brand,
        category: form.category,
        whole_unit_months: form.whole_unit_months,
        main_part_months: form.main_part_months,
        sold_from: sold.from,
        sold_until: sold.until,
        source: form.source,
    })
}
