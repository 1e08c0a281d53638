//! Golden values, recorded from PyTorch 2.15 on x86-64 with AVX2: FNV-1a hashes of the bytes that its fills leave after
//! `manual_seed(42)`.

use super::*;
use crate::dispatch_float;
use crate::dtype::{DType, Element};

#[derive(Clone, Copy, Debug)]
enum Draw {
    Uniform(f64, f64),
    Normal(f64, f64),
    Exponential(f64),
    Bernoulli(f64),
    BernoulliEach(DType),
    Cauchy(f64, f64),
    LogNormal(f64, f64),
    Geometric(f64),
    Integers(i64, u64),
    Any,
    Permutation,
}

#[rustfmt::skip]
const GOLDEN: &[(Draw, DType, usize, u64)] = &[
    (Draw::Uniform(-0.3, 2.7), DType::F32, 7, 0xca9d8808ca9e63c9),
    (Draw::Uniform(-0.3, 2.7), DType::F32, 1000, 0xe5f14e931db20de4),
    (Draw::Uniform(-0.3, 2.7), DType::F64, 7, 0x55b6c42eefc8fbed),
    (Draw::Uniform(-0.3, 2.7), DType::F64, 1000, 0xc30ef6a2290ac981),
    (Draw::Uniform(-0.3, 2.7), DType::F16, 7, 0x4f93164a4413b157),
    (Draw::Uniform(-0.3, 2.7), DType::F16, 1000, 0xa08516b4d9754dc6),
    (Draw::Uniform(-0.3, 2.7), DType::BF16, 7, 0xf3dfdd476cefc5f3),
    (Draw::Uniform(-0.3, 2.7), DType::BF16, 1000, 0xe2188587441f5f99),
    (Draw::Normal(0.0, 1.0), DType::F32, 7, 0xe39489a9dac5097c),
    (Draw::Normal(0.0, 1.0), DType::F32, 37, 0x4c7f366c32c80928),
    (Draw::Normal(0.0, 1.0), DType::F32, 1000, 0x790c9ebfd52592da),
    (Draw::Normal(0.0, 1.0), DType::F64, 7, 0x6858c8e77d168f40),
    (Draw::Normal(0.0, 1.0), DType::F64, 37, 0xfe3ca4276281847e),
    (Draw::Normal(0.0, 1.0), DType::F64, 1000, 0xaea38fb68211b7dc),
    (Draw::Normal(0.0, 1.0), DType::F16, 7, 0xfeea6df5385a28e4),
    (Draw::Normal(0.0, 1.0), DType::F16, 37, 0x47693954b9b29da3),
    (Draw::Normal(0.0, 1.0), DType::F16, 1000, 0xc8cb69e8d558c002),
    (Draw::Normal(0.0, 1.0), DType::BF16, 7, 0x14d76a910fc67130),
    (Draw::Normal(0.0, 1.0), DType::BF16, 37, 0xe37230d1bf338622),
    (Draw::Normal(0.0, 1.0), DType::BF16, 1000, 0xa336258110763a3f),
    (Draw::Normal(0.7, 1.3), DType::F32, 7, 0xc5306bd1f1c80f24),
    (Draw::Normal(0.7, 1.3), DType::F32, 37, 0x9c7a0b6cb6198c93),
    (Draw::Normal(0.7, 1.3), DType::F32, 1000, 0x702b0affcfb9d845),
    (Draw::Normal(0.7, 1.3), DType::F64, 7, 0x6781ba769dea53b7),
    (Draw::Normal(0.7, 1.3), DType::F64, 37, 0x2e235fb51bf5df78),
    (Draw::Normal(0.7, 1.3), DType::F64, 1000, 0x168e24df4c6b383a),
    (Draw::Normal(0.7, 1.3), DType::F16, 7, 0x4a9d88add2bf1a39),
    (Draw::Normal(0.7, 1.3), DType::F16, 37, 0x11cacac406a68af4),
    (Draw::Normal(0.7, 1.3), DType::F16, 1000, 0x7de604ce766216a7),
    (Draw::Normal(0.7, 1.3), DType::BF16, 7, 0x017c8d3143c9b36e),
    (Draw::Normal(0.7, 1.3), DType::BF16, 37, 0x63472f028b23dda7),
    (Draw::Normal(0.7, 1.3), DType::BF16, 1000, 0xcfa88a6d6e3b00dc),
    (Draw::Exponential(0.7), DType::F32, 7, 0xe7e6a5e3fb6edf75),
    (Draw::Exponential(0.7), DType::F32, 1000, 0x0cd5d0b132770f49),
    (Draw::Exponential(0.7), DType::F64, 7, 0x32d31c441e3bd58c),
    (Draw::Exponential(0.7), DType::F64, 1000, 0x41cc432ce3dcbc97),
    (Draw::Exponential(0.7), DType::F16, 7, 0x827dd372f1d81fbf),
    (Draw::Exponential(0.7), DType::F16, 1000, 0xa64745cdf9d6defe),
    (Draw::Exponential(0.7), DType::BF16, 7, 0x6d968efc3eaa1208),
    (Draw::Exponential(0.7), DType::BF16, 1000, 0xd66d3ce6112dd831),
    (Draw::Bernoulli(0.3), DType::F32, 7, 0x7b721a6679126635),
    (Draw::Bernoulli(0.3), DType::F32, 1000, 0x5d32e412ba19dca5),
    (Draw::Bernoulli(0.3), DType::F64, 7, 0x0bb48184227b9e45),
    (Draw::Bernoulli(0.3), DType::F64, 1000, 0x7589dd6e7f485025),
    (Draw::Bernoulli(0.3), DType::F16, 7, 0x74bc3a584646257d),
    (Draw::Bernoulli(0.3), DType::F16, 1000, 0x5472fc620e18de65),
    (Draw::Bernoulli(0.3), DType::BF16, 7, 0xa1587f608114a64d),
    (Draw::Bernoulli(0.3), DType::BF16, 1000, 0xfde9eaf7bb3978e5),
    (Draw::Cauchy(0.0, 1.0), DType::F32, 7, 0xc043357a2623b0bb),
    (Draw::Cauchy(0.0, 1.0), DType::F32, 1000, 0x7092f899f522bbbf),
    (Draw::Cauchy(0.0, 1.0), DType::F64, 7, 0xd4a002818b032d70),
    (Draw::Cauchy(0.0, 1.0), DType::F64, 1000, 0xaa776f59d09bf711),
    (Draw::Cauchy(0.0, 1.0), DType::F16, 7, 0x6b5daa0404cd1185),
    (Draw::Cauchy(0.0, 1.0), DType::F16, 1000, 0x7629d8f6d320372d),
    (Draw::Cauchy(0.0, 1.0), DType::BF16, 7, 0x906b594209cfab35),
    (Draw::Cauchy(0.0, 1.0), DType::BF16, 1000, 0x52a01cfad9debf45),
    (Draw::LogNormal(1.0, 2.0), DType::F32, 7, 0xf78ffb7e5c767436),
    (Draw::LogNormal(1.0, 2.0), DType::F32, 1000, 0x91bbcdb23e37cefb),
    (Draw::LogNormal(1.0, 2.0), DType::F64, 7, 0x4b35521833352107),
    (Draw::LogNormal(1.0, 2.0), DType::F64, 1000, 0xd1be9faee1a7c2a1),
    (Draw::LogNormal(1.0, 2.0), DType::F16, 7, 0x9a8575bc063d1c78),
    (Draw::LogNormal(1.0, 2.0), DType::F16, 1000, 0x5c2ab12a923d73ab),
    (Draw::LogNormal(1.0, 2.0), DType::BF16, 7, 0xa5b7d40d20a82dce),
    (Draw::LogNormal(1.0, 2.0), DType::BF16, 1000, 0x5732e8c5886acb0a),
    (Draw::Any, DType::Bool, 1000, 0xa269ec6e4cb55df9),
    (Draw::Any, DType::U8, 1000, 0x6ba03231d6482bb1),
    (Draw::Any, DType::I8, 1000, 0x610030052f543331),
    (Draw::Any, DType::I16, 1000, 0x89357954f94ace26),
    (Draw::Any, DType::I32, 1000, 0x5cdc149b3c49fe88),
    (Draw::Any, DType::I64, 1000, 0x3413a61731ede354),
    (Draw::Any, DType::F32, 1000, 0xa27b6e03898ccbd8),
    (Draw::Any, DType::F64, 1000, 0xcd65bf765e390202),
    (Draw::Any, DType::F16, 1000, 0xa54628794f2f71e8),
    (Draw::Any, DType::BF16, 1000, 0xd40a7cd8898a20b7),
    (Draw::Integers(-5, 1 << 40), DType::I64, 1000, 0xcb7aba32a511ac1f),
    (Draw::Integers(-3, 90), DType::I32, 1000, 0x85dbe60e47b1f6b7),
    (Draw::Geometric(0.3), DType::F32, 1000, 0x3fdd28420b7c212d),
    (Draw::Permutation, DType::I64, 1000, 0xac050cc352041a61),
    (Draw::BernoulliEach(DType::F32), DType::F32, 1000, 0xec3b03f53d5be338),
    (Draw::BernoulliEach(DType::F64), DType::F64, 1000, 0x978d75c1ee9dcd78),
];

fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ byte as u64).wrapping_mul(0x100_0000_01b3))
}

fn draw(generator: &mut Generator, draw: Draw, dtype: DType, count: usize) -> Vec<u8> {
    // Words of eight bytes keep every dtype aligned.
    let mut buffer = vec![0u64; count];
    let target = buffer.as_mut_ptr().cast::<u8>();
    // SAFETY: the buffer has room for `count` elements of any dtype.
    unsafe {
        match draw {
            Draw::Uniform(from, to) => assert!(generator.uniform(dtype, target, count, from, to)),
            Draw::Normal(mean, deviation) => {
                assert!(generator.normal(dtype, target, count, mean, deviation, false));
            }
            Draw::Exponential(rate) => assert!(generator.exponential(dtype, target, count, rate)),
            Draw::Bernoulli(p) => generator.bernoulli(dtype, target, count, p),
            Draw::Cauchy(median, sigma) => assert!(generator.cauchy(dtype, target, count, median, sigma)),
            Draw::LogNormal(mean, deviation) => {
                assert!(generator.log_normal(dtype, target, count, mean, deviation));
            }
            Draw::Geometric(p) => generator.geometric(dtype, target, count, p),
            Draw::Integers(from, range) => generator.integers(dtype, target, count, from, range),
            Draw::Any => generator.any_integers(dtype, target, count),
            Draw::Permutation => generator.permutation(std::slice::from_raw_parts_mut(target.cast(), count)),
            Draw::BernoulliEach(probability) => {
                // `linspace(0, 1, count)`, from both ends as PyTorch computes it.
                let p = linspace(probability, count);
                assert!(generator.bernoulli_each(dtype, target, probability, p.as_ptr().cast(), count));
            }
        }
        std::slice::from_raw_parts(target, count * dtype.size()).to_vec()
    }
}

fn linspace(dtype: DType, count: usize) -> Vec<u64> {
    let mut words = vec![0u64; count];
    dispatch_float!(dtype, T => {
        let step = <T as Element>::from_f64(1.0 / (count - 1) as f64).to_f64();
        let x = words.as_mut_ptr().cast::<T>();
        for i in 0..count {
            let value = if i < count / 2 { step * i as f64 } else { 1.0 - step * (count - 1 - i) as f64 };
            // SAFETY: the buffer has room for `count` elements of any dtype.
            unsafe { x.add(i).write(<T as Element>::from_f64(value)) };
        }
    }, else unreachable!());
    words
}

#[test]
fn streams_are_those_of_pytorch() {
    for &(kind, dtype, count, expected) in GOLDEN {
        let bytes = draw(&mut Generator::new(42), kind, dtype, count);
        assert_eq!(hash(&bytes), expected, "{kind:?} {dtype:?} {count}");
    }
}

#[test]
fn the_second_of_a_pair_is_kept() {
    let mut generator = Generator::new(1);
    let numbers: Vec<f32> = (0..6).map(|_| generator.normal_f64() as f32).collect();
    // `torch.manual_seed(1); torch.randn(3), torch.randn(3)`
    assert_eq!(numbers[..3], [0.661_352_16, 0.266_924_1, 0.061_677_26]);
    let mut again = Generator::new(1);
    again.normal_f64();
    let mut copy = Generator::new(0);
    assert!(copy.set_state(again.state().clone()));
    assert_eq!(copy.normal_f64() as f32, numbers[1]);
}

#[test]
fn blocks_are_the_same_stream() {
    let (mut one, mut many) = (Generator::new(3), Generator::new(3));
    for count in [1usize, 5, 623, 624, 625, 2000] {
        let mut block = vec![0; count];
        many.fill_random(&mut block);
        assert!(block.iter().all(|&bits| bits == one.random()));
        assert_eq!(one, many);
    }
}

#[test]
fn impossible_states_are_refused() {
    let mut generator = Generator::new(0);
    let mut state = generator.state().clone();
    state.left = 0;
    assert!(!generator.set_state(state.clone()));
    state.left = 600;
    state.next = 100;
    assert!(!generator.set_state(state));
}
