"""The initializers of ONNX models, found without reading the graph and without the onnx package."""
