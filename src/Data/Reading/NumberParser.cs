using System.Globalization;

namespace FitCluster.Data.Reading;

/// <summary>What a field of text holds.</summary>
internal enum FieldKind
{
    Number,
    Missing,
    Infinite,
    NotANumber,
}

/// <summary>
/// Numbers from bytes. The usual ones (at most 19 digits, of value below 2^53, with a power of ten within 10^±22) are exact by
/// one multiplication or division (Clinger 1990); the rest go to the library, so that every result is correctly rounded.
/// </summary>
internal static class NumberParser
{
    private static readonly double[] _powers =
    [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ];

    public static FieldKind Parse(ReadOnlySpan<byte> text, out double value)
    {
        // Trimming costs more than parsing: the usual field, which needs none, goes first.
        if (TryFast(text, out value))
        {
            return FieldKind.Number;
        }

        text = text.Trim(" \t\""u8);
        if (TryFast(text, out value))
        {
            return FieldKind.Number;
        }

        if (text.IsEmpty || IsWord(text, "na"u8) || IsWord(text, "nan"u8) || IsWord(text, "n/a"u8) || IsWord(text, "null"u8))
        {
            value = double.NaN;
            return FieldKind.Missing;
        }

        var unsigned = text[0] is (byte)'-' or (byte)'+' ? text[1..] : text;
        if (IsWord(unsigned, "inf"u8) || IsWord(unsigned, "infinity"u8))
        {
            return FieldKind.Infinite;
        }

        if (IsWord(unsigned, "nan"u8))
        {
            value = double.NaN;
            return FieldKind.Missing;
        }

        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && !char.IsLetter((char)unsigned[0])
            ? double.IsFinite(value) ? FieldKind.Number : FieldKind.Infinite
            : FieldKind.NotANumber;
    }

    /// <summary>A whole number without a sign, at most 18 digits.</summary>
    public static bool TryIndex(ReadOnlySpan<byte> text, out long value)
    {
        value = 0;
        if (text.IsEmpty || text.Length > 18)
        {
            return false;
        }

        foreach (var b in text)
        {
            var digit = (uint)(b - '0');
            if (digit > 9)
            {
                return false;
            }

            value = (value * 10) + digit;
        }

        return true;
    }

    private static bool TryFast(ReadOnlySpan<byte> text, out double value)
    {
        value = 0;
        var i = 0;
        var negative = false;
        if (text.Length > 0 && text[0] is (byte)'-' or (byte)'+')
        {
            negative = text[0] == '-';
            i = 1;
        }

        var mantissa = 0UL;
        var start = i;
        for (; i < text.Length && (uint)(text[i] - '0') <= 9; i++)
        {
            mantissa = (mantissa * 10) + (uint)(text[i] - '0');
        }

        var digits = i - start;
        var exponent = 0;
        if (i < text.Length && text[i] == '.')
        {
            var point = ++i;
            for (; i < text.Length && (uint)(text[i] - '0') <= 9; i++)
            {
                mantissa = (mantissa * 10) + (uint)(text[i] - '0');
            }

            digits += i - point;
            exponent = point - i;
        }

        if (digits == 0 || digits > 19 || mantissa > 1UL << 53)
        {
            return false;
        }

        if (i < text.Length && (text[i] | 0x20) == 'e' && !TryExponent(text, ref i, ref exponent))
        {
            return false;
        }

        if (i != text.Length || exponent < -22 || exponent > 22)
        {
            return false;
        }

        value = exponent < 0 ? mantissa / _powers[-exponent] : mantissa * _powers[exponent];
        value = negative ? -value : value;
        return true;
    }

    private static bool TryExponent(ReadOnlySpan<byte> text, ref int i, ref int exponent)
    {
        i++;
        var negative = i < text.Length && text[i] == '-';
        i += i < text.Length && text[i] is (byte)'-' or (byte)'+' ? 1 : 0;
        var (start, power) = (i, 0);
        for (; i < text.Length && (uint)(text[i] - '0') <= 9 && i - start < 4; i++)
        {
            power = (power * 10) + (text[i] - '0');
        }

        exponent += negative ? -power : power;
        return i > start;
    }

    private static bool IsWord(ReadOnlySpan<byte> text, ReadOnlySpan<byte> lower) =>
        System.Text.Ascii.EqualsIgnoreCase(text, lower);
}
