//! The network: BERT with mean pooling, as sentence-transformers runs all-MiniLM-L6-v2.
//!
//! Texts of a batch stand one after the other in one matrix of all their tokens, so nothing is padded and
//! no attention mask is needed; only attention looks at each text for itself. Query, key and value are one
//! product, and the scale of the scores is part of the query's weights.

use std::collections::HashMap;
use std::ops::Range;

use candle_core::{DType, Device, Tensor};
use candle_nn::ops::softmax_last_dim;
use rayon::prelude::*;

use crate::gelu::Gelu;
use crate::model::MODEL;
use crate::ops::{AddBias, AddBiasGelu, AddNorm, values};

const LAYERS: usize = 6;
const HEADS: usize = 12;
const HEAD: usize = MODEL.dimension / HEADS;
const EPSILON: f32 = 1e-12;

type Outcome<T> = candle_core::Result<T>;

/// The weights, ready to use.
pub(crate) struct Encoder {
    words: Tensor,
    /// Position vectors plus the vector of "first sentence", which is all there is here.
    positions: Tensor,
    norm: AddNorm,
    layers: Vec<Layer>,
}

/// Products are stored turned, as they are used; biases belong to the steps after the products.
struct Layer {
    attend: Tensor,
    attend_bias: AddBias,
    attended: Tensor,
    attended_norm: AddNorm,
    widen: Tensor,
    gelu: AddBiasGelu,
    narrow: Tensor,
    norm: AddNorm,
}

impl Encoder {
    /// Takes the tensors out of a safetensors file with plain BERT names.
    pub(crate) fn from_safetensors(bytes: &[u8]) -> Outcome<Self> {
        let weights = Weights(candle_core::safetensors::load_buffer(bytes, &Device::Cpu)?);
        let sentence = weights.get("embeddings.token_type_embeddings.weight")?.narrow(0, 0, 1)?;
        let gelu = Gelu::new();
        Ok(Self {
            words: weights.get("embeddings.word_embeddings.weight")?,
            positions: weights
                .get("embeddings.position_embeddings.weight")?
                .narrow(0, 0, MODEL.max_tokens)?
                .broadcast_add(&sentence)?,
            norm: weights.norm("embeddings.LayerNorm", vec![0.0; MODEL.dimension])?,
            layers: (0..LAYERS).map(|layer| weights.layer(layer, &gelu)).collect::<Outcome<_>>()?,
        })
    }

    /// One vector of length 1 for each list of token ids.
    pub(crate) fn encode(&self, texts: &[&[u32]]) -> Outcome<Vec<Vec<f32>>> {
        let spans = spans(texts);
        let ids: Vec<u32> = texts.concat();
        let places: Vec<u32> = texts.iter().flat_map(|text| 0..text.len() as u32).collect();
        let count = ids.len();
        let hidden = self.words.index_select(&Tensor::from_vec(ids, count, &Device::Cpu)?, 0)?;
        let places = self.positions.index_select(&Tensor::from_vec(places, count, &Device::Cpu)?, 0)?;
        hidden.inplace_op2(&places, &self.norm)?;
        let mut hidden = hidden;
        for layer in &self.layers {
            hidden = layer.forward(&hidden, &spans)?;
        }
        let hidden = hidden.to_vec2::<f32>()?;
        Ok(spans.into_iter().map(|span| pool(&hidden[span])).collect())
    }
}

impl Layer {
    fn forward(&self, hidden: &Tensor, spans: &[Range<usize>]) -> Outcome<Tensor> {
        let attended = self.attention(hidden, spans)?.matmul(&self.attended)?;
        attended.inplace_op2(hidden, &self.attended_norm)?;
        let wide = attended.matmul(&self.widen)?;
        wide.inplace_op1(&self.gelu)?;
        let narrow = wide.matmul(&self.narrow)?;
        narrow.inplace_op2(&attended, &self.norm)?;
        Ok(narrow)
    }

    fn attention(&self, hidden: &Tensor, spans: &[Range<usize>]) -> Outcome<Tensor> {
        let all = hidden.matmul(&self.attend)?;
        all.inplace_op1(&self.attend_bias)?;
        let all = all.reshape((hidden.dim(0)?, 3, HEADS, HEAD))?;
        let texts = spans
            .par_iter()
            .map(|span| {
                // Views without a copy: [heads, tokens, head] of one text.
                let text = all.narrow(0, span.start, span.len())?;
                let part = |index: usize| text.narrow(1, index, 1)?.squeeze(1)?.transpose(0, 1);
                let (query, key, value) = (part(0)?, part(1)?, part(2)?);
                let weights = softmax_last_dim(&query.matmul(&key.t()?)?)?;
                weights.matmul(&value)?.transpose(0, 1)?.reshape((span.len(), MODEL.dimension))
            })
            .collect::<Outcome<Vec<_>>>()?;
        Tensor::cat(&texts, 0)
    }
}

fn spans(texts: &[&[u32]]) -> Vec<Range<usize>> {
    let mut start = 0;
    texts
        .iter()
        .map(|text| {
            let span = start..start + text.len();
            start = span.end;
            span
        })
        .collect()
}

/// The mean of the token vectors, made length 1.
fn pool(rows: &[Vec<f32>]) -> Vec<f32> {
    let mut sum = vec![0f32; MODEL.dimension];
    for row in rows {
        for (total, value) in sum.iter_mut().zip(row) {
            *total += value;
        }
    }
    // The mean's divisor falls out of the normalisation.
    let length = sum.iter().map(|value| value * value).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
    for value in &mut sum {
        *value /= length;
    }
    sum
}

/// Tensors by name.
struct Weights(HashMap<String, Tensor>);

impl Weights {
    fn get(&self, name: &str) -> Outcome<Tensor> {
        match self.0.get(name) {
            Some(tensor) => tensor.to_dtype(DType::F32),
            None => candle_core::bail!("there is no tensor {name}"),
        }
    }

    fn product(&self, name: &str) -> Outcome<Tensor> {
        self.get(&format!("{name}.weight"))?.t()
    }

    fn bias(&self, name: &str) -> Outcome<Vec<f32>> {
        values(&self.get(&format!("{name}.bias"))?)
    }

    /// A normalisation and the bias of the product before it.
    fn norm(&self, name: &str, bias: Vec<f32>) -> Outcome<AddNorm> {
        let weight = values(&self.get(&format!("{name}.weight"))?)?;
        Ok(AddNorm { bias, weight, shift: self.bias(name)?, epsilon: EPSILON })
    }

    fn layer(&self, layer: usize, gelu: &Gelu) -> Outcome<Layer> {
        let name = |part: &str| format!("encoder.layer.{layer}.{part}");
        let attend = name("attention.self");
        let (attended, widen, narrow) =
            (name("attention.output.dense"), name("intermediate.dense"), name("output.dense"));
        Ok(Layer {
            attend: self.attend(&attend, "weight")?.t()?,
            attend_bias: AddBias { bias: values(&self.attend(&attend, "bias")?)? },
            attended: self.product(&attended)?,
            attended_norm: self.norm(&name("attention.output.LayerNorm"), self.bias(&attended)?)?,
            widen: self.product(&widen)?,
            gelu: AddBiasGelu { bias: self.bias(&widen)?, gelu: gelu.clone() },
            narrow: self.product(&narrow)?,
            norm: self.norm(&name("output.LayerNorm"), self.bias(&narrow)?)?,
        })
    }

    /// Query, key and value one above the other; the query carries the scale 1 / sqrt(head).
    fn attend(&self, name: &str, kind: &str) -> Outcome<Tensor> {
        let scale = 1.0 / (HEAD as f64).sqrt();
        let query = (self.get(&format!("{name}.query.{kind}"))? * scale)?;
        let key = self.get(&format!("{name}.key.{kind}"))?;
        let value = self.get(&format!("{name}.value.{kind}"))?;
        Tensor::cat(&[query, key, value], 0)
    }
}
