using FitCluster.Math.Models;

namespace FitCluster.Math.TwinEb;

/// <summary>The forms of the conjugate optimizer's states.</summary>
internal static class ConjugateFormats
{
    public static readonly StateFormat<ConjugateField> Global = new("twineb-conjugate", 4);

    public static readonly StateFormat<ConjugateShardField> Shard = new("twineb-conjugate-shard", 2);
}
