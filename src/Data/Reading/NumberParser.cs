using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

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
/// Numbers from text, bytes of UTF-8 or characters. The usual ones (at most 19 digits, of value below 2^53, with a power of ten within
/// 10^±22) are exact by one multiplication or division (Clinger 1990); the rest go to the library, so that every result is correctly
/// rounded.
/// </summary>
internal static class NumberParser
{
    private static readonly double[] _powers =
    [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ];

    /// <summary>What a field holds, and its value; blanks and quotes around it are passed over.</summary>
    public static FieldKind Parse<T>(ReadOnlySpan<T> text, out double value)
        where T : unmanaged
    {
        // Trimming costs more than parsing: the usual field, which needs none, goes first.
        if (TryFast(text, out value))
        {
            return FieldKind.Number;
        }

        text = Trimmed(text);
        if (TryFast(text, out value))
        {
            return FieldKind.Number;
        }

        if (text.IsEmpty || IsMissing(text))
        {
            value = double.NaN;
            return FieldKind.Missing;
        }

        var unsigned = Code(text[0]) is '-' or '+' ? text[1..] : text;
        if (IsWord(unsigned, "inf"u8) || IsWord(unsigned, "infinity"u8))
        {
            return FieldKind.Infinite;
        }

        if (IsWord(unsigned, "nan"u8))
        {
            value = double.NaN;
            return FieldKind.Missing;
        }

        return TryLibrary(text, out value) && !char.IsLetter((char)Code(unsigned[0]))
            ? double.IsFinite(value) ? FieldKind.Number : FieldKind.Infinite
            : FieldKind.NotANumber;
    }

    /// <summary>The value of a field that is <see cref="FieldKind.Infinite"/>.</summary>
    public static double Infinity(ReadOnlySpan<byte> text) =>
        text.Trim(" \t\""u8)[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity;

    /// <summary>
    /// The words for a missing value (docs/formats.md, "Input"): what R, pandas, databases and spreadsheets write, in letters of either
    /// case.
    /// </summary>
    private static bool IsMissing<T>(ReadOnlySpan<T> text)
        where T : unmanaged => IsWord(text, "na"u8) || IsWord(text, "nan"u8) || IsWord(text, "n/a"u8) || IsWord(text, "null"u8) ||
        IsWord(text, "none"u8) || IsWord(text, "<na>"u8) || IsWord(text, "#n/a"u8) || IsWord(text, "#na"u8) || IsWord(text, "nil"u8);

    /// <summary>A whole number without a sign, at most 18 digits.</summary>
    public static bool TryIndex(ReadOnlySpan<char> text, out long value)
    {
        value = 0;
        if (text.IsEmpty || text.Length > 18)
        {
            return false;
        }

        foreach (var c in text)
        {
            var digit = Code(c) - '0';
            if (digit > 9)
            {
                return false;
            }

            value = (value * 10) + digit;
        }

        return true;
    }

    private static bool TryFast<T>(ReadOnlySpan<T> text, out double value)
        where T : unmanaged
    {
        value = 0;
        var i = 0;
        var negative = false;
        if (text.Length > 0 && Code(text[0]) is '-' or '+')
        {
            negative = Code(text[0]) == '-';
            i = 1;
        }

        var mantissa = 0UL;
        var start = i;
        for (; i < text.Length && Code(text[i]) - '0' <= 9; i++)
        {
            mantissa = (mantissa * 10) + (Code(text[i]) - '0');
        }

        var digits = i - start;
        var exponent = 0;
        if (i < text.Length && Code(text[i]) == '.')
        {
            var point = ++i;
            for (; i < text.Length && Code(text[i]) - '0' <= 9; i++)
            {
                mantissa = (mantissa * 10) + (Code(text[i]) - '0');
            }

            digits += i - point;
            exponent = point - i;
        }

        if (digits == 0 || digits > 19 || mantissa > 1UL << 53)
        {
            return false;
        }

        if (i < text.Length && (Code(text[i]) | 0x20) == 'e' && !TryExponent(text, ref i, ref exponent))
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

    private static bool TryExponent<T>(ReadOnlySpan<T> text, ref int i, ref int exponent)
        where T : unmanaged
    {
        i++;
        var negative = i < text.Length && Code(text[i]) == '-';
        i += i < text.Length && Code(text[i]) is '-' or '+' ? 1 : 0;
        var (start, power) = (i, 0);
        for (; i < text.Length && Code(text[i]) - '0' <= 9 && i - start < 4; i++)
        {
            power = (power * 10) + (int)(Code(text[i]) - '0');
        }

        exponent += negative ? -power : power;
        return i > start;
    }

    private static bool TryLibrary<T>(ReadOnlySpan<T> text, out double value)
        where T : unmanaged => typeof(T) == typeof(byte)
        ? double.TryParse(MemoryMarshal.Cast<T, byte>(text), NumberStyles.Float, CultureInfo.InvariantCulture, out value)
        : double.TryParse(MemoryMarshal.Cast<T, char>(text), NumberStyles.Float, CultureInfo.InvariantCulture, out value);

    private static ReadOnlySpan<T> Trimmed<T>(ReadOnlySpan<T> text)
        where T : unmanaged
    {
        while (text.Length > 0 && Code(text[0]) is ' ' or '\t' or '"')
        {
            text = text[1..];
        }

        while (text.Length > 0 && Code(text[^1]) is ' ' or '\t' or '"')
        {
            text = text[..^1];
        }

        return text;
    }

    private static bool IsWord<T>(ReadOnlySpan<T> text, ReadOnlySpan<byte> lower)
        where T : unmanaged
    {
        if (text.Length != lower.Length)
        {
            return false;
        }

        for (var i = 0; i < lower.Length; i++)
        {
            var code = Code(text[i]);
            if (code != lower[i] && (code is < 'A' or > 'Z' || (code | 0x20) != lower[i]))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>A byte or a character as a number; the compiler leaves the one cast.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Code<T>(T unit)
        where T : unmanaged => typeof(T) == typeof(byte) ? Unsafe.BitCast<T, byte>(unit) : Unsafe.BitCast<T, char>(unit);
}
