using System.Globalization;
using System.Text;
using FitCluster.Data.Reading;
using Xunit;

namespace FitCluster.Data.Tests.Reading;

public sealed class NumberParserTests
{
    [Fact]
    public void Numbers_have_the_bits_of_the_library()
    {
        var random = new Random(4);
        for (var i = 0; i < 20_000; i++)
        {
            var text = (i % 4) switch
            {
                0 => BitConverter.Int64BitsToDouble(random.NextInt64()).ToString("R", CultureInfo.InvariantCulture),
                1 => random.Next(-5000, 5000).ToString(CultureInfo.InvariantCulture),
                2 => (random.NextDouble() * 100).ToString("F6", CultureInfo.InvariantCulture),
                _ => $"{random.NextInt64()}.{random.Next()}e{random.Next(-30, 30)}",
            };
            var expected = double.Parse(text, CultureInfo.InvariantCulture);
            var kind = NumberParser.Parse(Encoding.UTF8.GetBytes(text), out var value);
            if (double.IsFinite(expected))
            {
                Assert.Equal(FieldKind.Number, kind);
                Assert.Equal(BitConverter.DoubleToInt64Bits(expected), BitConverter.DoubleToInt64Bits(value));
            }
        }
    }

    [Theory]
    [InlineData("", "Missing")]
    [InlineData("NA", "Missing")]
    [InlineData("nan", "Missing")]
    [InlineData("-NaN", "Missing")]
    [InlineData("-Inf", "Infinite")]
    [InlineData("1e400", "Infinite")]
    [InlineData("1.5.2", "NotANumber")]
    [InlineData("1e", "NotANumber")]
    [InlineData("-", "NotANumber")]
    [InlineData(".", "NotANumber")]
    [InlineData("0x10", "NotANumber")]
    [InlineData("1,5", "NotANumber")]
    [InlineData("+1.", "Number")]
    [InlineData(".5", "Number")]
    [InlineData(" 7 ", "Number")]
    public void Other_fields_are_told_apart(string text, string kind) =>
        Assert.Equal(kind, NumberParser.Parse(Encoding.UTF8.GetBytes(text), out _).ToString());

    [Fact]
    public void Ids_are_in_natural_order() =>
        Assert.Equal(["2", "010", "10", "a", "a2", "a10", "a10b", "b1"],
            new[] { "a10b", "b1", "a10", "a", "10", "a2", "2", "010" }.Order(NaturalOrder.Instance));
}
