import uPlotModule, { type default as UPlot } from "uplot";

export type Plot = UPlot;
export type PlotOptions = UPlot.Options;
export type PlotSeries = UPlot.Series;
export type PlotAxis = UPlot.Axis;
export type PlotData = UPlot.AlignedData;

/** uPlot's types describe the script; a bundler takes its module, whose default export is the class itself. */
export const PlotClass: typeof UPlot = uPlotModule;
