using System.Reflection;
using FitCluster.Data;
using FitCluster.Engine;
using FitCluster.Math.Numerics;
using FitCluster.Messages;
using Xunit;

namespace FitCluster.Repository.Tests;

/// <summary>
/// The public types and members of the libraries are those that were approved: nothing becomes public, or changes, by accident.
/// </summary>
public sealed class PublicApiTests
{
    private static readonly Dictionary<string, Assembly> Libraries = new()
    {
        ["Messages"] = typeof(IMessage).Assembly,
        ["Math"] = typeof(Philox).Assembly,
        ["Data"] = typeof(MatrixSource).Assembly,
        ["Engine"] = typeof(IEngine).Assembly,
    };

    public static TheoryData<string> Names() => [.. Libraries.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_library_offers_what_was_approved(string name) => Approved.Check($"Api/{name}.txt", PublicApi.Of(Libraries[name]));

    [Fact]
    public void There_is_a_file_for_each_library_and_none_besides() => Approved.CheckFiles("Api", Libraries.Keys);

    [Fact]
    public void A_member_is_rendered_with_all_that_callers_depend_on()
    {
        var text = PublicApi.Of([typeof(Sample<>), typeof(Sample<>.Kind)]);
        Assert.Equal("""
            public sealed class FitCluster.Repository.Tests.PublicApiTests.Sample<T> : IDisposable
              public Sample(int count = 3)
              public T this[int index] { get; }
              public const int Most = 7
              public event Action? Changed
              public static bool Try(ref readonly T value, out int[] found, params string[] names)
              public string? Name { get; init; }
              public void Dispose()

            public enum FitCluster.Repository.Tests.PublicApiTests.Sample<T>.Kind : byte
              First = 0
              Second = 4


            """, text);
    }

    // Public members that nobody calls, to be rendered.
#pragma warning disable CS0067, CA1034, CA1000, CA1822
    public sealed class Sample<T>(int count = 3) : IDisposable
    {
        public const int Most = 7;

        public event Action? Changed;

        public enum Kind : byte
        {
            First,
            Second = 4,
        }

        public string? Name { get; init; } = count.ToString(System.Globalization.CultureInfo.InvariantCulture);

        public T this[int index] => throw new ArgumentOutOfRangeException(nameof(index));

        public static bool Try(ref readonly T value, out int[] found, params string[] names)
        {
            found = [names.Length];
            return value is not null;
        }

        public void Dispose()
        {
        }
    }
#pragma warning restore CS0067, CA1034, CA1000, CA1822
}
