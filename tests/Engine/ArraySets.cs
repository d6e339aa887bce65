using System.Runtime.InteropServices;
using FitCluster.Messages;
using Xunit;

namespace FitCluster.Engine.Tests;

/// <summary>Comparing sets of arrays bit for bit.</summary>
public static class ArraySets
{
    public static void AssertSame(ArraySet expected, ArraySet actual)
    {
        Assert.Equal(expected.Select(a => a.Name), actual.Select(a => a.Name));
        foreach (var (left, right) in expected.Zip(actual))
        {
            Assert.Equal(left.Shape, right.Shape);
            Assert.Equal(left.Reduction, right.Reduction);
            Assert.True(
                MemoryMarshal.AsBytes(left.Values.AsSpan()).SequenceEqual(MemoryMarshal.AsBytes(right.Values.AsSpan())),
                $"array '{left.Name}' differs in its bits");
        }
    }
}
