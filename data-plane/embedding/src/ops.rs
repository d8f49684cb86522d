//! What stands between the matrix products, fused and in place: one pass over memory each instead of three,
//! shared out over rayon's threads by rows.

use candle_core::{CpuStorage, InplaceOp1, InplaceOp2, Layout, Result, Tensor};
use rayon::prelude::*;

use crate::gelu::Gelu;

/// Rows one task takes: enough to be worth handing over.
const ROWS: usize = 16;
/// Sums kept apart, so that they can be added side by side.
const LANES: usize = 16;

/// x + bias.
pub(crate) struct AddBias {
    pub(crate) bias: Vec<f32>,
}

/// gelu(x + bias).
pub(crate) struct AddBiasGelu {
    pub(crate) bias: Vec<f32>,
    pub(crate) gelu: Gelu,
}

/// Layer normalisation of x + bias + residual: (v - mean) / sqrt(variance + epsilon) · weight + shift.
pub(crate) struct AddNorm {
    pub(crate) bias: Vec<f32>,
    pub(crate) weight: Vec<f32>,
    pub(crate) shift: Vec<f32>,
    pub(crate) epsilon: f32,
}

impl InplaceOp1 for AddBias {
    fn name(&self) -> &'static str {
        "add-bias"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        each_row(whole_mut(storage, layout)?, &self.bias, |x, bias| x + bias);
        Ok(())
    }
}

impl InplaceOp1 for AddBiasGelu {
    fn name(&self) -> &'static str {
        "add-bias-gelu"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        each_row(whole_mut(storage, layout)?, &self.bias, |x, bias| self.gelu.apply(x + bias));
        Ok(())
    }
}

impl InplaceOp2 for AddNorm {
    fn name(&self) -> &'static str {
        "add-norm"
    }

    fn cpu_fwd(&self, s1: &mut CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<()> {
        let width = self.bias.len();
        let values = whole_mut(s1, l1)?;
        let residual = whole(s2, l2)?;
        if values.len() != residual.len() {
            candle_core::bail!("add-norm takes two tensors of one shape");
        }
        values.par_chunks_mut(width * ROWS).zip(residual.par_chunks(width * ROWS)).for_each(|(rows, residual)| {
            for (row, residual) in rows.chunks_exact_mut(width).zip(residual.chunks_exact(width)) {
                self.row(row, residual);
            }
        });
        Ok(())
    }
}

impl AddNorm {
    #[inline]
    fn row(&self, row: &mut [f32], residual: &[f32]) {
        for ((x, residual), bias) in row.iter_mut().zip(residual).zip(&self.bias) {
            *x += residual + bias;
        }
        let width = row.len() as f32;
        let mean = sum(row, |x| x) / width;
        let variance = sum(row, |x| (x - mean) * (x - mean)) / width;
        let scale = 1.0 / (variance + self.epsilon).sqrt();
        for ((x, weight), shift) in row.iter_mut().zip(&self.weight).zip(&self.shift) {
            *x = (*x - mean) * scale * weight + shift;
        }
    }
}

/// The values of a tensor of one dimension.
pub(crate) fn values(tensor: &Tensor) -> Result<Vec<f32>> {
    tensor.to_vec1()
}

#[inline]
fn each_row(values: &mut [f32], bias: &[f32], apply: impl Fn(f32, f32) -> f32 + Sync) {
    values.par_chunks_mut(bias.len() * ROWS).for_each(|rows| {
        for row in rows.chunks_exact_mut(bias.len()) {
            for (x, bias) in row.iter_mut().zip(bias) {
                *x = apply(*x, *bias);
            }
        }
    });
}

#[inline]
fn sum(row: &[f32], of: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [0f32; LANES];
    let (parts, rest) = row.as_chunks::<LANES>();
    for part in parts {
        for (lane, x) in lanes.iter_mut().zip(part) {
            *lane += of(*x);
        }
    }
    lanes.iter().sum::<f32>() + rest.iter().map(|&x| of(x)).sum::<f32>()
}

fn whole_mut<'a>(storage: &'a mut CpuStorage, layout: &Layout) -> Result<&'a mut [f32]> {
    match (storage, layout.contiguous_offsets()) {
        (CpuStorage::F32(values), Some((start, end))) => Ok(&mut values[start..end]),
        _ => candle_core::bail!("contiguous f32 is expected"),
    }
}

fn whole<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    match (storage, layout.contiguous_offsets()) {
        (CpuStorage::F32(values), Some((start, end))) => Ok(&values[start..end]),
        _ => candle_core::bail!("contiguous f32 is expected"),
    }
}
