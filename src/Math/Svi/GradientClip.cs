namespace FitCluster.Math.Svi;

/// <summary>
/// Clipping of a gradient by the norm of all of it (Pascanu, Mikolov and Bengio 2013), as torch.nn.utils.clip_grad_norm_ does it.
/// </summary>
public static class GradientClip
{
    // Torch's, against a norm of 0.
    private const double Epsilon = 1e-6;

    /// <summary>What a gradient of this norm is multiplied by: min(1, most / (norm + 1e-6)).</summary>
    /// <param name="norm">The Euclidean norm over all parameters, 0 or more, finite.</param>
    /// <param name="most">The greatest norm that is left as it is, above 0.</param>
    public static double Factor(double norm, double most) => double.Min(1, most / (norm + Epsilon));
}
