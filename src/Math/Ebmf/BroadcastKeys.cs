using FitCluster.Math.Models;

namespace FitCluster.Math.Ebmf;

/// <summary>The arrays of a broadcast; see the properties of <see cref="EbmfBroadcast"/>.</summary>
internal static class BroadcastKeys
{
    public static readonly StateKey Keep = new("keep");
    public static readonly StateKey Promoted = new("promoted");
    public static readonly StateKey Active = new("active");
    public static readonly StateKey Extrapolated = new("extrapolated");
    public static readonly StateKey Updated = new("updated");
    public static readonly StateKey Proposed = new("proposed");
    public static readonly StateKey Noise = new("noise");
    public static readonly StateKey Weights = new("weights");
    public static readonly StateKey Gram = new("gram");
    public static readonly StateKey Denominators = new("denominators");
    public static readonly StateKey Mean = new("mean");
    public static readonly StateKey Variance = new("variance");
    public static readonly StateKey Vector = new("vector");
    public static readonly StateKey Prior = new("prior");
}
