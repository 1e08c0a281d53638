//! The Mersenne Twister of M. Matsumoto and T. Nishimura (MT19937), as PyTorch's CPU generator keeps it.

const WORDS: usize = 624;
const SHIFT: usize = 397;
/// What PyTorch seeds with when nobody does.
const DEFAULT_SEED: u64 = 67_280_421_310_721;

/// Everything that determines a generator's future, for PyTorch's `get_state` and `set_state`.
#[derive(Clone, PartialEq, Debug)]
pub struct State {
    /// The seed, as it was given.
    pub seed: u64,
    /// Outputs left before the words are renewed, plus one: 1 is a generator that was just seeded.
    pub left: u32,
    /// The next word to be put out.
    pub next: u32,
    /// The twister's words.
    pub words: [u32; WORDS],
    /// The second number of a pair of normal ones of single precision, if it was not drawn yet. PyTorch keeps its place
    /// in the state but does not use it on CPU.
    pub next_normal_f32: Option<f32>,
    /// The second number of a pair of normal ones, if it was not drawn yet.
    pub next_normal_f64: Option<f64>,
}

/// A stream of random numbers.
#[derive(Clone, PartialEq, Debug)]
pub struct Generator {
    state: State,
}

impl Default for Generator {
    fn default() -> Self {
        Self::new(DEFAULT_SEED)
    }
}

impl Generator {
    /// A generator with this seed, of which the low 32 bits count.
    pub fn new(seed: u64) -> Self {
        let mut words = [0u32; WORDS];
        words[0] = seed as u32;
        for i in 1..WORDS {
            let previous = words[i - 1];
            words[i] = 1_812_433_253u32.wrapping_mul(previous ^ (previous >> 30)).wrapping_add(i as u32);
        }
        let state = State { seed, left: 1, next: 0, words, next_normal_f32: None, next_normal_f64: None };
        Self { state }
    }

    /// Starts again from a seed.
    pub fn manual_seed(&mut self, seed: u64) {
        *self = Self::new(seed);
    }

    /// The seed that the generator started from.
    pub fn initial_seed(&self) -> u64 {
        self.state.seed
    }

    /// The state.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Sets the state. Returns `false` and changes nothing where its counters are impossible.
    pub fn set_state(&mut self, state: State) -> bool {
        let possible = (1..=WORDS as u32).contains(&state.left) && state.next <= WORDS as u32;
        // `next` indexes the words while outputs are left.
        if !possible || (state.left > 1 && state.left + state.next > WORDS as u32 + 1) {
            return false;
        }
        self.state = state;
        true
    }

    /// The next 32 random bits.
    #[inline]
    pub fn random(&mut self) -> u32 {
        self.state.left -= 1;
        if self.state.left == 0 {
            self.renew();
        }
        let word = self.state.words[self.state.next as usize];
        self.state.next += 1;
        temper(word)
    }

    /// The next 64 random bits: two outputs, the first one high.
    #[inline]
    pub fn random64(&mut self) -> u64 {
        let high = self.random() as u64;
        high << 32 | self.random() as u64
    }

    /// Fills with random bits: what as many calls of [`Generator::random`] give, several times as fast.
    pub fn fill_random(&mut self, mut target: &mut [u32]) {
        while !target.is_empty() {
            if self.state.left == 1 {
                self.renew();
                self.state.left += 1;
            }
            let count = target.len().min(self.state.left as usize - 1);
            let next = self.state.next as usize;
            let (now, rest) = target.split_at_mut(count);
            for (target, &word) in now.iter_mut().zip(&self.state.words[next..next + count]) {
                *target = temper(word);
            }
            self.state.next += count as u32;
            self.state.left -= count as u32;
            target = rest;
        }
    }

    /// A uniform number in [0, 1) of 24 bits: one output.
    #[inline]
    pub fn uniform_f32(&mut self) -> f32 {
        unit_f32(self.random())
    }

    /// A uniform number in [0, 1) of 53 bits: two outputs.
    #[inline]
    pub fn uniform_f64(&mut self) -> f64 {
        unit_f64(self.random64())
    }

    /// A standard normal number, by pairs: the second of a pair is kept for the next call.
    pub fn normal_f64(&mut self) -> f64 {
        if let Some(kept) = self.state.next_normal_f64.take() {
            return kept;
        }
        let u1 = self.uniform_f64();
        let u2 = self.uniform_f64();
        let radius = (-2.0 * (-u2).ln_1p()).sqrt();
        let theta = 2.0 * std::f64::consts::PI * u1;
        self.state.next_normal_f64 = Some(radius * theta.sin());
        radius * theta.cos()
    }

    /// Renews the words and makes all of them available.
    fn renew(&mut self) {
        let words = &mut self.state.words;
        for i in 0..WORDS - SHIFT {
            words[i] = words[i + SHIFT] ^ twist(words[i], words[i + 1]);
        }
        for i in WORDS - SHIFT..WORDS - 1 {
            words[i] = words[i + SHIFT - WORDS] ^ twist(words[i], words[i + 1]);
        }
        words[WORDS - 1] = words[SHIFT - 1] ^ twist(words[WORDS - 1], words[0]);
        self.state.left = WORDS as u32;
        self.state.next = 0;
    }
}

#[inline(always)]
fn twist(u: u32, v: u32) -> u32 {
    let mixed = (u & 0x8000_0000) | (v & 0x7fff_ffff);
    (mixed >> 1) ^ (0u32.wrapping_sub(v & 1) & 0x9908_b0df)
}

#[inline(always)]
fn temper(mut y: u32) -> u32 {
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c_5680;
    y ^= (y << 15) & 0xefc6_0000;
    y ^ (y >> 18)
}

#[inline(always)]
pub(super) fn unit_f32(bits: u32) -> f32 {
    (bits & 0x00ff_ffff) as f32 * (1.0 / 16_777_216.0)
}

#[inline(always)]
pub(super) fn unit_f64(bits: u64) -> f64 {
    (bits & ((1 << 53) - 1)) as f64 * (1.0 / 9_007_199_254_740_992.0)
}
