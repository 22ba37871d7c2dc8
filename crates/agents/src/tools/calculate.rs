//! Arithmetic: `+ - * / % ^`, parentheses, decimals. Pure.

/// Evaluates an expression. Errors are messages for people.
pub(super) fn calculate(text: &str) -> Result<f64, String> {
    let mut rest = Rest { text, depth: 0 };
    let value = rest.sum()?;
    match rest.peek() {
        None if value.is_finite() => Ok(value),
        None => Err("the result is not a finite number".into()),
        Some(c) => Err(format!("unexpected {c:?}")),
    }
}

/// A recursive-descent parser over the rest of the input.
struct Rest<'a> {
    text: &'a str,
    depth: u32,
}

/// Maximum nesting of parentheses and signs.
const MAX_DEPTH: u32 = 64;

impl Rest<'_> {
    fn peek(&mut self) -> Option<char> {
        self.text = self.text.trim_start();
        self.text.chars().next()
    }

    fn take(&mut self, wanted: &[char]) -> Option<char> {
        let found = self.peek().filter(|c| wanted.contains(c))?;
        self.text = &self.text[found.len_utf8()..];
        Some(found)
    }

    fn sum(&mut self) -> Result<f64, String> {
        let mut value = self.product()?;
        while let Some(sign) = self.take(&['+', '-']) {
            let next = self.product()?;
            value = if sign == '+' { value + next } else { value - next };
        }
        Ok(value)
    }

    fn product(&mut self) -> Result<f64, String> {
        let mut value = self.signed()?;
        while let Some(sign) = self.take(&['*', '/', '%']) {
            let next = self.signed()?;
            if sign != '*' && next == 0.0 {
                return Err("division by zero".into());
            }
            value = match sign {
                '*' => value * next,
                '/' => value / next,
                _ => value % next,
            };
        }
        Ok(value)
    }

    fn signed(&mut self) -> Result<f64, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("the expression is nested too deeply".into());
        }
        let value = match self.take(&['-', '+']) {
            Some('-') => self.signed().map(|value| -value),
            Some(_) => self.signed(),
            None => self.power(),
        };
        self.depth -= 1;
        value
    }

    fn power(&mut self) -> Result<f64, String> {
        let base = self.atom()?;
        match self.take(&['^']) {
            Some(_) => Ok(base.powf(self.signed()?)),
            None => Ok(base),
        }
    }

    fn atom(&mut self) -> Result<f64, String> {
        if self.take(&['(']).is_some() {
            let value = self.sum()?;
            return self.take(&[')']).map(|_| value).ok_or_else(|| "a closing parenthesis is missing".into());
        }
        self.peek();
        let end = self.text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(self.text.len());
        let (number, rest) = self.text.split_at(end);
        let value = number.parse().map_err(|_| match rest.chars().next() {
            Some(c) if number.is_empty() => format!("unexpected {c:?}"),
            None if number.is_empty() => "the expression is incomplete".into(),
            _ => format!("{number} is not a number"),
        })?;
        self.text = rest;
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::calculate;

    #[test]
    fn operators_have_their_usual_precedence() {
        for (text, value) in
            [("1 + 2*3", 7.0), ("-(2+3) ^ 2", -25.0), ("2^3^2", 512.0), ("7 % 4 / 2", 1.5), (" .5*4 ", 2.0)]
        {
            assert_eq!(calculate(text), Ok(value), "{text}");
        }
        for wrong in ["", "1 +", "1 2", "(1", "1/0", "x", "1..2", "9^9^9", &"(".repeat(1000)] {
            assert!(calculate(wrong).is_err(), "{wrong}");
        }
    }
}
