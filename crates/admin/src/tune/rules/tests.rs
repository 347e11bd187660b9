use proptest::prelude::*;

use super::{Budget, recommend};
use crate::tune::{Machine, MachineError, Setting, Size, Storage, Value};

const GB: u64 = 1 << 30;

fn value(settings: &[Setting], name: &str) -> Value {
    settings.iter().find(|setting| setting.name == name).unwrap_or_else(|| panic!("{name}")).value
}

fn size(settings: &[Setting], name: &str) -> Size {
    let Value::Size(size) = value(settings, name) else { panic!("{name} is a size") };
    size
}

#[test]
fn the_example_machine_of_the_page_gets_the_numbers_of_the_page() {
    for cores in [1, 2, 8] {
        let machine = Machine::new(Size::from_gb(1), cores, Storage::Ssd, 100).unwrap();
        let settings = recommend(&machine);
        for (name, expected) in [
            ("shared_buffers", "256MB"),
            ("effective_cache_size", "768MB"),
            ("work_mem", "16MB"),
            ("max_connections", "100"),
            ("wal_buffers", "16MB"),
            ("checkpoint_completion_target", "0.9"),
        ] {
            assert_eq!(value(&settings, name).to_string(), expected, "{name}");
        }
    }
}

#[test]
fn more_connections_than_fit_are_refused_with_the_number_that_does() {
    let machine = |connections| Machine::new(Size::from_gb(1), 1, Storage::Ssd, connections);
    let Err(MachineError::Connections { most, .. }) = machine(5000) else { panic!("5000 do not fit") };
    assert!(machine(most).is_ok());
    assert!(machine(most + 1).is_err());
    assert!(machine(9).is_err());
}

#[test]
fn what_no_machine_is_like_is_refused() {
    let machine = |memory, cores| Machine::new(memory, cores, Storage::Ssd, 20);
    assert!(matches!(machine(Size::from_mb(255), 1), Err(MachineError::Memory { .. })));
    assert!(matches!(machine(Size::from_bytes(u64::MAX), 1), Err(MachineError::Memory { .. })));
    assert!(matches!(machine(Size::from_gb(1), 0), Err(MachineError::Cores { .. })));
    assert!(matches!(machine(Size::from_gb(1), 1025), Err(MachineError::Cores { .. })));
    assert!(machine(Machine::LEAST_MEMORY, 1).is_ok() && machine(Machine::MOST_MEMORY, 1024).is_ok());
}

#[test]
fn turning_disks_keep_the_costs_of_turning_disks() {
    let settings = recommend(&Machine::new(Size::from_gb(8), 4, Storage::Hdd, 100).unwrap());
    assert_eq!(value(&settings, "random_page_cost").to_string(), "4");
    assert_eq!(value(&settings, "effective_io_concurrency").to_string(), "2");
}

#[test]
fn every_setting_has_a_reason_and_stands_once() {
    let settings = recommend(&Machine::new(Size::from_gb(8), 4, Storage::Ssd, 100).unwrap());
    let mut names: Vec<_> = settings.iter().map(|setting| setting.name).collect();
    assert!(settings.iter().all(|setting| setting.reason.ends_with('.') && !setting.reason.contains('\n')));
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), settings.len());
}

fn machines() -> impl Strategy<Value = Machine> {
    let memory = (Machine::LEAST_MEMORY.bytes().ilog2()..44, any::<u64>())
        .prop_map(|(power, rest)| (1_u64 << power) + rest % (1_u64 << power));
    let storage = prop_oneof![Just(Storage::Ssd), Just(Storage::Hdd)];
    (memory, 1..=Machine::MOST_CORES, storage, 0.0..1.0).prop_map(
        |(memory, cores, storage, share): (u64, u32, Storage, f64)| {
            let memory = Size::from_bytes(memory.min(Machine::MOST_MEMORY.bytes()));
            let most = f64::from(Budget::of(memory).most_connections());
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "between 10 and `most`"
            )]
            let connections = (most * share * share).max(10.0) as u32;
            Machine::new(memory, cores, storage, connections).unwrap()
        },
    )
}

proptest! {
    #[test]
    fn the_settings_never_promise_more_memory_than_there_is(machine in machines()) {
        let settings = recommend(&machine);
        let of = |name| size(&settings, name).bytes();
        let connections = u64::from(machine.connections());
        let promised = of("shared_buffers")
            + of("wal_buffers")
            + 3 * of("maintenance_work_mem")
            + connections * 1536 * 1024
            + connections.div_ceil(4) * of("work_mem");
        prop_assert!(promised <= machine.memory().bytes(), "{promised} of {machine}");
        prop_assert!(of("effective_cache_size") <= machine.memory().bytes());
    }

    #[test]
    fn more_memory_never_makes_a_setting_smaller(machine in machines(), more in 0..64 * GB) {
        let memory = Size::from_bytes((machine.memory().bytes() + more).min(Machine::MOST_MEMORY.bytes()));
        let larger = Machine::new(memory, machine.cores(), machine.storage(), machine.connections()).unwrap();
        for (less, more) in recommend(&machine).iter().zip(recommend(&larger)) {
            match (less.value, more.value) {
                (Value::Size(less_size), Value::Size(more_size)) => {
                    prop_assert!(less_size <= more_size, "{}: {machine}, {larger}", less.name);
                }
                (less_value, more_value) => prop_assert_eq!(less_value, more_value),
            }
        }
    }

    #[test]
    fn more_connections_never_raise_work_mem(machine in machines()) {
        let fewer = Machine::new(machine.memory(), 1, Storage::Ssd, machine.connections().div_euclid(2).max(10)).unwrap();
        let work_mem = |machine| size(&recommend(machine), "work_mem");
        prop_assert!(work_mem(&machine) <= work_mem(&fewer));
    }
}
