//! The figures of a node that works: every metric that an alert or a panel may speak of is told, and says what happened.

use std::collections::BTreeMap;

use opentelemetry::metrics::MeterProvider as _;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use parasol_api::intake::v1::FileCaseRequest;
use parasol_api::intake::v1::intake_service_client::IntakeServiceClient;
use parasol_runtime::identity::Role;
use parasol_runtime::metrics::{Counter, Gauge, Histogram, Metrics};

use crate::bad_input::{filer, filing};
use crate::house::House;

/// How often the figures are read before the test gives up; each reading takes a millisecond or more.
const READINGS_MAX: usize = 100_000;

/// Every figure by its name: the sum of what was counted, how many were observed, or the last value.
fn read(exporter: &InMemoryMetricExporter, provider: &SdkMeterProvider) -> BTreeMap<String, f64> {
    exporter.reset();
    provider.force_flush().expect("they are told");
    let reports = exporter.get_finished_metrics().expect("they were told");
    let mut figures = BTreeMap::new();
    for metric in
        reports.iter().flat_map(|report| report.scope_metrics()).flat_map(|one| one.metrics())
    {
        let value = match metric.data() {
            AggregatedMetrics::U64(MetricData::Sum(sum)) => {
                sum.data_points().map(|point| point.value() as f64).sum()
            }
            AggregatedMetrics::F64(MetricData::Histogram(histogram)) => {
                histogram.data_points().map(|point| point.count() as f64).sum()
            }
            AggregatedMetrics::F64(MetricData::Gauge(gauge)) => {
                gauge.data_points().last().map_or(0.0, |point| point.value())
            }
            other => panic!("no such instrument is in use: {other:?}"),
        };
        figures.insert(metric.name().to_owned(), value);
    }
    figures
}

#[tokio::test(flavor = "multi_thread")]
async fn every_metric_of_the_registry_is_told_by_a_node_that_works() {
    let exporter = InMemoryMetricExporter::default();
    let reader = PeriodicReader::builder(exporter.clone()).build();
    let provider = SdkMeterProvider::builder().with_reader(reader).build();
    let house = House::measured(Metrics::new(&provider.meter("parasol"))).await;
    let mut client = IntakeServiceClient::new(house.channel.clone());
    let ask = |message| house.request(Role::Customer, &filer(), message);
    let before = read(&exporter, &provider);
    let wanted = filing();
    client.file_case(ask(wanted.clone())).await.expect("it is filed");
    client.file_case(ask(wanted.clone())).await.expect("it is answered again");
    let other = FileCaseRequest { description: "it leaks a lot".to_owned(), ..wanted };
    client.file_case(ask(other)).await.expect_err("that id said something else");

    let told = |name: &str, figures: &BTreeMap<String, f64>| figures.get(name).copied();
    let names = Counter::ALL.iter().map(|one| one.name());
    let names = names.chain(Histogram::ALL.iter().map(|one| one.name()));
    let names: Vec<_> = names.chain(Gauge::ALL.iter().map(|one| one.name())).collect();
    let mut figures = BTreeMap::new();
    for _ in 0..READINGS_MAX {
        figures = read(&exporter, &provider);
        if names.iter().all(|name| figures.contains_key(*name)) {
            break;
        }
        tokio::task::yield_now().await;
    }
    let silent: Vec<_> = names.iter().filter(|name| !figures.contains_key(**name)).collect();
    assert!(silent.is_empty(), "nobody told {silent:?} in {figures:?}");
    let grown = |counter: Counter| {
        let of = |figures| told(counter.name(), figures).unwrap_or_default();
        of(&figures) - of(&before)
    };
    assert!(grown(Counter::Steps) >= 1.0 && grown(Counter::TaskRuns) >= 1.0, "{figures:?}");
    assert_eq!(grown(Counter::Replays), 1.0);
    assert_eq!(told(Gauge::TasksParked.name(), &figures), Some(0.0));
    assert!(told(Gauge::CalendarLeft.name(), &figures) > Some(0.0));
}
