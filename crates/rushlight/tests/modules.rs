//! Modules: names, state, text, conversion, first values to PyTorch's bits, losses and cells to its numbers.
//!
//! Numbers named golden were printed by PyTorch 2.15 on x86-64.

use rushlight::nn::{IncompatibleKeys, LSTMCell, Linear, Parameter, StateDict};
use rushlight::prelude::*;
use rushlight::tensor;

type Outcome = Result<()>;

fn bits(parameter: &Tensor) -> Vec<u32> {
    parameter.to_vec::<f32>().unwrap().into_iter().map(f32::to_bits).collect()
}

fn close(found: &Tensor, expected: &[f64]) {
    let found = found.to_f64_vec().unwrap();
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= 1e-12 * expected.abs().max(1.0), "{found} against {expected}");
    }
}

/// The generator is the process's, so tests that draw take turns.
fn seeded<R>(seed: u64, f: impl FnOnce() -> Result<R>) -> Result<R> {
    static TURN: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    manual_seed(seed);
    f()
}

#[derive(Module)]
struct Dropout {
    #[module(training)]
    active: bool,
}

#[derive(Module)]
struct Net {
    input: Linear,
    layers: Vec<Linear>,
    cell: LSTMCell,
    dropout: Dropout,
    scale: Parameter,
    statistics: nn::Buffer,
    cache: nn::Buffer,
    missing: Option<Linear>,
    #[module(skip)]
    _label: String,
}

fn net() -> Result<Net> {
    Ok(Net {
        input: Linear::new(2, 3)?,
        layers: vec![Linear::new(3, 3)?, Linear::new(3, 3)?],
        cell: LSTMCell::builder(3, 4).bias(false).build()?,
        dropout: Dropout { active: true },
        scale: Parameter::new(&tensor!([2.0]))?,
        statistics: nn::Buffer::new(&tensor!([0.0]))?,
        cache: nn::Buffer::new(&tensor!([1.0]))?.not_persistent(),
        missing: None,
        _label: "net".to_owned(),
    })
}

#[test]
fn names_and_order_are_pytorchs() -> Outcome {
    let net = net()?;
    let names: Vec<String> = net.named_parameters().into_iter().map(|(name, _)| name).collect();
    let expected = [
        "scale",
        "input.weight",
        "input.bias",
        "layers.0.weight",
        "layers.0.bias",
        "layers.1.weight",
        "layers.1.bias",
        "cell.weight_ih",
        "cell.weight_hh",
    ];
    assert_eq!(names, expected);
    let state = net.state_dict();
    let mut expected = expected.to_vec();
    expected.insert(1, "statistics");
    assert_eq!(state.keys().collect::<Vec<_>>(), expected);
    assert_eq!(net.named_buffers().len(), 2);
    let modules: Vec<String> = net.named_modules().into_iter().map(|(name, _)| name).collect();
    assert_eq!(modules, ["input", "layers", "layers.0", "layers.1", "cell", "dropout"]);
    Ok(())
}

#[test]
fn text_is_pytorchs() -> Outcome {
    let expected = "\
Net(
  (input): Linear(in_features=2, out_features=3, bias=True)
  (layers): ModuleList(
    (0-1): 2 x Linear(in_features=3, out_features=3, bias=True)
  )
  (cell): LSTMCell(3, 4, bias=False)
  (dropout): Dropout()
)";
    assert_eq!(net()?.to_string(), expected);
    assert_eq!(nn::Sequential::new().to_string(), "Sequential()");
    let list =
        vec![Parameter::new(&tensor!([[1.0, 1.0], [1.0, 1.0]]))?, Parameter::new(&tensor!([1.0, 1.0, 1.0]))?];
    let list: &dyn Module = &list;
    assert_eq!(
        list.to_string(),
        "ParameterList(\n    (0): Parameter containing: [torch.float32 of size 2x2]\n    (1): Parameter containing: \
         [torch.float32 of size 3]\n)"
    );
    Ok(())
}

#[test]
fn a_shared_parameter_is_listed_once_and_saved_twice() -> Outcome {
    let first = Linear::builder(2, 2).bias(false).build()?;
    let layers = vec![first.clone(), first];
    assert_eq!(layers.parameters().len(), 1);
    assert_eq!(layers.state_dict().len(), 2);
    Ok(())
}

#[test]
fn state_goes_round() -> Outcome {
    let (source, target) = (net()?, net()?);
    source.statistics.fill_(7.0)?;
    let before: Vec<Parameter> = target.parameters();
    target.load_state_dict(&source.state_dict())?;
    for (name, tensor) in target.state_dict() {
        let original = source.state_dict().get(&name).unwrap().to_f64_vec()?;
        assert_eq!(tensor.to_f64_vec()?, original, "{name}");
    }
    // The values were copied into the same parameters, which an optimizer may hold.
    assert!(before.iter().zip(target.parameters()).all(|(a, b)| a.is_same(&b)));
    assert!(before.iter().all(|parameter| parameter.is_leaf() && parameter.requires_grad()));
    Ok(())
}

#[test]
fn a_state_that_does_not_fit_is_refused_in_pytorchs_words() -> Outcome {
    let net = nn::Sequential::new().then(Linear::new(2, 1)?).then(nn::Sigmoid);
    let state: StateDict = [
        ("0.weight", Tensor::ones(&[3, 2], DType::F32)?),
        ("0.c", tensor!([1.0])),
        ("z", tensor!([1.0])),
        ("1.q", tensor!([1.0, 1.0])),
    ]
    .into_iter()
    .collect();
    let error = net.load_state_dict(&state).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Error(s) in loading state_dict for Sequential:\n\tMissing key(s) in state_dict: \"0.bias\". \n\tUnexpected \
         key(s) in state_dict: \"z\", \"0.c\", \"1.q\". \n\tsize mismatch for 0.weight: copying a param with shape \
         torch.Size([3, 2]) from checkpoint, the shape in current model is torch.Size([1, 2])."
    );
    let mut state = net.state_dict();
    let bias = state.remove("0.bias").unwrap();
    assert_eq!(state.len(), 1);
    state.insert("other", bias);
    let keys = net.load_matching_state_dict(&state)?;
    let expected = IncompatibleKeys {
        missing_keys: vec!["0.bias".to_owned()],
        unexpected_keys: vec!["other".to_owned()],
    };
    assert_eq!(keys, expected);
    assert_eq!(keys.to_string(), "IncompatibleKeys(missing_keys=['0.bias'], unexpected_keys=['other'])");
    assert_eq!(IncompatibleKeys::default().to_string(), "<All keys matched successfully>");
    Ok(())
}

#[test]
fn training_reaches_every_part_and_gradients_are_dropped() -> Outcome {
    let mut net = net()?;
    net.eval();
    assert!(!net.dropout.active);
    net.train();
    assert!(net.dropout.active);
    (&net.scale * 2.0).backward()?;
    assert!(net.scale.grad().is_some());
    net.zero_grad();
    assert!(net.scale.grad().is_none());
    net.requires_grad_(false)?;
    assert!(net.parameters().iter().all(|parameter| !parameter.requires_grad()));
    Ok(())
}

#[test]
fn conversion_takes_gradients_along() -> Outcome {
    let net = net()?;
    (&net.scale * 2.0).backward()?;
    net.to_dtype(DType::F64)?;
    assert!(net.parameters().iter().all(|parameter| parameter.dtype() == DType::F64));
    assert_eq!(net.statistics.dtype(), DType::F64);
    assert_eq!(net.scale.grad().unwrap().dtype(), DType::F64);
    let error = net.to_dtype(DType::I64).unwrap_err();
    assert_eq!(
        error.to_string(),
        "nn.Module.to only accepts floating point or complex dtypes, but got desired dtype=torch.int64"
    );
    Ok(())
}

#[test]
fn first_values_are_pytorchs_to_the_bit() -> Outcome {
    // Golden: manual_seed(0), Linear(3, 2), then LSTMCell(2, 1).
    let (linear, cell) = seeded(0, || Ok((Linear::new(3, 2)?, LSTMCell::new(2, 1)?)))?;
    assert_eq!(
        bits(&linear.weight),
        [0xbb8d_a3e8, 0x3e9e_9313, 0xbef3_4b7e, 0xbed9_8bc9, 0xbe63_b4b1, 0x3e1e_8953]
    );
    assert_eq!(bits(linear.bias.as_ref().unwrap()), [0xbc3b_6b40, 0x3eea_617a]);
    assert_eq!(
        bits(&cell.weight_ih),
        [
            0xbdb5_bf70,
            0x3e87_7b4c,
            0xbe9a_bbac,
            0xbe49_4870,
            0xbf74_91b8,
            0xbf29_8b52,
            0xbed3_0ee8,
            0x3d17_bb00
        ]
    );
    assert_eq!(bits(&cell.weight_hh), [0x3eca_6960, 0x3f19_9b18, 0xbf2d_8d8c, 0xbede_f4fc]);
    assert_eq!(bits(cell.bias_ih.as_ref().unwrap()), [0x3eb9_f798, 0x3f54_944e, 0xbe52_bd48, 0x3f3f_915c]);
    assert_eq!(bits(cell.bias_hh.as_ref().unwrap()), [0xbe25_0d40, 0x3dd8_b510, 0x3f67_cd4a, 0xbf6d_7bce]);
    // Golden: manual_seed(7), Linear(2, 2, dtype=float64).
    let wide = seeded(7, || Linear::builder(2, 2).dtype(DType::F64).build())?;
    let found: Vec<u64> = wide.weight.to_vec::<f64>()?.into_iter().map(f64::to_bits).collect();
    assert_eq!(
        found,
        [0xbfd3_f7dc_3856_e159, 0xbfd4_7b9f_c864_c698, 0x3fe0_62ee_d637_3da2, 0x3fcc_5d17_3a09_6db1]
    );
    Ok(())
}

#[test]
fn a_cell_computes_pytorchs_numbers() -> Outcome {
    // Golden: three steps in f64 on the same input.
    let x = seeded(3, || Tensor::randn(&[2, 3], DType::F64))?;
    let cell = seeded(4, || LSTMCell::builder(3, 2).dtype(DType::F64).build())?;
    let (mut hidden, mut memory) = cell.forward(&x, None)?;
    for _ in 0..2 {
        (hidden, memory) = cell.forward(&x, Some((&hidden, &memory)))?;
    }
    close(&hidden, &[-0.118019181308766, -0.4168913529915465, -0.17931248634501193, -0.44996418775365926]);
    close(&memory, &[-0.38106970720447203, -1.1335399331587532, -0.38407654542706315, -0.7904670176001767]);
    let (single, _) = cell.forward(&x.select(0, 0)?, None)?;
    assert_eq!(single.shape(), [2]);
    let error = cell.forward(&Tensor::ones(&[1, 1, 3], DType::F64)?, None).unwrap_err();
    assert_eq!(error.to_string(), "LSTMCell: Expected input to be 1D or 2D, got 3D instead");
    Ok(())
}

#[test]
fn losses_compute_pytorchs_numbers() -> Outcome {
    let logits = tensor!([[1.0, 2.0, 0.5], [0.1, -1.0, 3.0]], DType::F64);
    let loss = |loss: nn::CrossEntropyLoss, target: &Tensor| loss.forward(&logits, target);
    close(&loss(nn::CrossEntropyLoss::new(), &tensor!([2, 0]))?, &[2.467571501534218]);
    let weighted =
        nn::CrossEntropyLoss::new().weight(&tensor!([1.0, 2.0, 3.0], DType::F64))?.label_smoothing(0.1);
    close(&loss(weighted, &tensor!([2, 0]))?, &[2.157796945359062]);
    let sum = nn::CrossEntropyLoss::new().reduction(nn::Reduction::Sum);
    close(&loss(sum, &tensor!([2, -100]))?, &[1.964368784107945]);

    let probabilities = tensor!([0.9, 0.2, 0.0], DType::F64);
    let target = tensor!([1.0, 0.0, 1.0], DType::F64);
    let each = nn::BCELoss::new().reduction(nn::Reduction::None).forward(&probabilities, &target)?;
    close(&each, &[0.10536051565782628, 0.22314355131420976, 100.0]);
    let weighted = nn::BCELoss::new().weight(&tensor!([1.0, 2.0, 0.1], DType::F64))?;
    close(&weighted.forward(&probabilities, &target)?, &[3.517215872762082]);
    let positive = nn::BCEWithLogitsLoss::new().positive_weight(&tensor!(2.0, DType::F64))?;
    close(&positive.forward(&logits.select(0, 0)?, &target)?, &[1.2338684514798772]);
    let squares = nn::MSELoss::new().reduction(nn::Reduction::Sum);
    close(&squares.forward(&probabilities, &target)?, &[1.05]);

    let error = nn::BCEWithLogitsLoss::new().forward(&logits, &target).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Target size (torch.Size([3])) must be the same as input size (torch.Size([2, 3]))"
    );
    Ok(())
}

#[test]
fn literals_become_tensors() {
    assert_eq!(tensor!([[1.0, 2.0], [3.0, 4.0]]).shape(), [2, 2]);
    assert_eq!(tensor!([1.5f32]).dtype(), DType::F32);
    assert_eq!(tensor!([true, false]).dtype(), DType::Bool);
    assert_eq!(tensor!([1, 2], DType::I8).dtype(), DType::I8);
    assert_eq!(tensor!([[1, 2]; 3], DType::F16).shape(), [3, 2]);
    assert_eq!(tensor!(1u8).dtype(), DType::U8);
}
