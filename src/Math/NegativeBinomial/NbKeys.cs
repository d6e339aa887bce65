using FitCluster.Math.Models;
using FitCluster.Messages;

namespace FitCluster.Math.NegativeBinomial;

/// <summary>Arrays of the broadcast (tables) and of the partial (statistics) of model nb's rounds over the cells.</summary>
internal static class NbKeys
{
    public static readonly StateKey Scalars = new("pass");
    public static readonly StateKey Bits = new("layout_bits");
    public static readonly StateKey Present = new("layout_present");
    public static readonly StateKey LogWeights = new("log_weights");
    public static readonly StateKey Zero = new("zero");
    public static readonly StateKey Psi = new("psi");
    public static readonly StateKey Chi = new("chi");
    public static readonly StateKey Entry = new("entry");
    public static readonly StateKey Base = new("base");
    public static readonly StateKey GroupRows = new("group_rows");
    public static readonly StateKey GroupDirections = new("group_directions");
    public static readonly StateKey GroupOffsets = new("group_offsets");
    public static readonly StateKey RidgeGrid = new("ridge_grid");

    public static readonly StateKey Sums = new("sums");
    public static readonly StateKey Extremes = new("extremes", Reduction.Max);
    public static readonly StateKey Ridge = new("ridge");
    public static readonly StateKey N = new("n");
    public static readonly StateKey W = new("w");
    public static readonly StateKey Vu = new("vu");
    public static readonly StateKey V = new("v");
    public static readonly StateKey Nz = new("nz");
    public static readonly StateKey S = new("s");
    public static readonly StateKey H = new("h");

    public static readonly StateKey GroupRoots = new("group_roots");
    public static readonly StateKey GroupCells = new("group_cells");
    public static readonly StateKey GroupScore = new("group_score");

    public static readonly StateKey MostCount = new("most_count", Reduction.Max);
    public static readonly StateKey GeneTotal = new("gene_total");
    public static readonly StateKey GeneSquare = new("gene_square");
    public static readonly StateKey GeneRoot = new("gene_root");
    public static readonly StateKey GeneCells = new("gene_cells");
    public static readonly StateKey DatasetSums = new("dataset_sums");
}
